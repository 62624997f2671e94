//! [`List`]: tasks as a list, with all that is known about the wait of each.

use std::fmt;

use super::{
    TaskInfo, TaskState, Tasks,
    text::{Details, ShortLabel},
};

/// The number of tasks that are printed unless more are asked for.
const SHOWN: usize = 100;

/// Tasks as a list, with the objects that they wait for, and the cycles. Made by [`Tasks::list`].
#[derive(Clone, Debug)]
pub struct List<'a> {
    tasks: &'a Tasks,
    shown: usize,
}

impl<'a> List<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks, shown: SHOWN }
    }

    /// Prints up to `shown` tasks and objects, instead of 100.
    #[must_use]
    pub fn shown(self, shown: usize) -> Self {
        Self { shown, ..self }
    }
}

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = self.tasks.tasks.iter().map(|task| Entry(task).to_string());
        let objects = self.tasks.objects();
        let objects = objects.iter().map(|object| format!("  {}", Details(object)));
        let cycles = self.tasks.cycles();
        let cycles = cycles.iter().map(|cycle| format!("  a cycle:\n{cycle}"));
        let mut lines = tasks.take(self.shown).collect::<Vec<_>>();
        if self.tasks.len() > self.shown {
            lines.push(format!("  and {} more tasks", self.tasks.len() - self.shown));
        }
        lines.extend(objects.take(self.shown));
        lines.extend(cycles);
        f.write_str(&lines.join("\n"))
    }
}

struct Entry<'a>(&'a TaskInfo);

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TaskInfo { label, style, state, .. } = self.0;
        write!(f, "  {} ({style}, spawned at {})", ShortLabel(label), label.spawned_at)?;
        let TaskState::Waiting(wait) = state else { return write!(f, "\n      {}", self.0) };
        write!(f, "\n      waits for {}", self.0)?;
        match wait.line {
            Some(line) => write!(f, "\n      at {line}"),
            None => Ok(()),
        }
    }
}
