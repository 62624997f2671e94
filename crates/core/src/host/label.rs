//! [`Label`]: the number and the name of a task, for messages.

use std::{fmt, panic::Location, sync::Arc};

/// The number of a task on its host, counted from 1 in the order of spawning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.0)
    }
}

/// The number and the name of a task, and the line that spawned it, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The number of the task.
    pub id: TaskId,
    /// The name of the task, if it was spawned with one.
    pub name: Option<Arc<str>>,
    /// The source line that spawned the task.
    pub spawned_at: &'static Location<'static>,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " (spawned at {})", self.spawned_at)
    }
}
