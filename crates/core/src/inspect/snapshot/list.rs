//! [`TaskList`]: tasks as a list, with all that is known about the wait of each.

use std::fmt;

use super::{
    aligned::Aligned,
    groups::TaskGroup,
    tasks::{TaskState, Tasks, WaitInfo, WaitedFor},
};

/// The number of entries that are printed unless more are asked for.
const SHOWN: usize = 100;

/// Tasks as a list, with all that is known about the wait of each, and the cycles. Made by
/// [`Tasks::list`].
///
/// ```text
/// task 1 (green), spawned               at src/main.rs:10:16
///   waits for lock of mutex "money"     at src/main.rs:12:28
///     made                              at src/main.rs:7:17
///     taken by task 2                   at src/main.rs:20:28
/// ```
///
/// Tasks of one style that were spawned on the same line and wait in the same way share an entry.
#[derive(Clone, Debug)]
pub struct TaskList<'a> {
    tasks: &'a Tasks,
    shown: usize,
}

impl<'a> TaskList<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks, shown: SHOWN }
    }

    /// Prints up to `shown` entries and cycles, instead of 100.
    #[must_use]
    pub fn shown(self, shown: usize) -> Self {
        Self { shown, ..self }
    }
}

impl Tasks {
    /// Returns the tasks as a list, with all that is known about the wait of each, and the
    /// [cycles](Tasks::cycles).
    pub fn list(&self) -> TaskList<'_> {
        TaskList::new(self)
    }
}

impl fmt::Display for TaskList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.tasks.groups();
        let mut lines = Aligned::default();
        groups.iter().take(self.shown).for_each(|group| write_group(&mut lines, group));
        if groups.len() > self.shown {
            lines.push(format!("and {} more entries", groups.len() - self.shown), None);
        }
        lines.fmt(f)?;
        let cycles = self.tasks.cycles();
        cycles.iter().take(self.shown).try_for_each(|cycle| write!(f, "\n\n{cycle}"))
    }
}

fn write_group(lines: &mut Aligned, group: &TaskGroup<'_>) {
    let task = group.first;
    lines.push(format!("{group} ({}), spawned", task.style), task.label.spawned_at);
    let TaskState::Waiting(wait) = &task.state else {
        return lines.push(format!("  is {task}"), None);
    };
    lines.push(format!("  waits for {}", wait.without_takers()), wait.line);
    write_object(lines, wait);
}

/// Writes what is known about the object, and which tasks could end the wait.
fn write_object(lines: &mut Aligned, wait: &WaitInfo) {
    let WaitedFor::Object(object) = &wait.object else { return };
    lines.push("    made", object.made_at);
    object.write_ends_and_takers(lines, wait.kind.other_side(), "    ");
}
