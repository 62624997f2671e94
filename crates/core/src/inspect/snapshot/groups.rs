//! [`TaskGroup`]: tasks that wait in the same way. Reports show the first task, and the number.

use std::{collections::HashMap, fmt};

use super::{
    tasks::{TaskInfo, TaskState, Tasks},
    text::ShortLabel,
};

/// Tasks of one style and one name that were spawned on the same line and wait in the same way.
pub(super) struct TaskGroup<'a> {
    pub(super) first: &'a TaskInfo,
    last: &'a TaskInfo,
    count: usize,
}

impl Tasks {
    /// Returns the groups, in the order of their first tasks.
    pub(super) fn groups(&self) -> Vec<TaskGroup<'_>> {
        let mut groups: Vec<TaskGroup<'_>> = Vec::new();
        let mut found: HashMap<_, usize> = HashMap::new();
        for task in &self.tasks {
            let line = match &task.state {
                TaskState::Waiting(wait) => wait.line,
                TaskState::Ready | TaskState::Running => None,
            };
            let (spawned_at, name) = (task.label.spawned_at, &task.label.name);
            match found.entry((task.style, spawned_at, name, line, task.to_string())) {
                std::collections::hash_map::Entry::Occupied(entry) => {
                    let group = &mut groups[*entry.get()];
                    group.count += 1;
                    group.last = task;
                }
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(groups.len());
                    groups.push(TaskGroup { first: task, last: task, count: 1 });
                }
            }
        }
        groups
    }
}

/// The first task, and how many others there are.
impl fmt::Display for TaskGroup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ShortLabel(&self.first.label).fmt(f)?;
        match self.count {
            1 => Ok(()),
            2 => write!(f, " and {}", self.last.label.id),
            count => write!(f, " and {} others up to {}", count - 1, self.last.label.id),
        }
    }
}
