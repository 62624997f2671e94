//! [`TaskTable`]: tasks as a table.

use std::fmt;

use super::{
    aligned::Aligned,
    groups::TaskGroup,
    tasks::{TaskState, Tasks},
};

/// The number of rows that are printed unless more are asked for.
const ROWS: usize = 100;

/// Tasks as a table. Made by [`Tasks::table`].
///
/// Tasks of one style that were spawned on the same line and wait in the same way share a row. It
/// shows the first of them, and their number.
#[derive(Clone, Debug)]
pub struct TaskTable<'a> {
    tasks: &'a Tasks,
    rows: usize,
}

const HEADINGS: [&str; 5] = ["task", "style", "waits for", "at", "spawned at"];

impl<'a> TaskTable<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks, rows: ROWS }
    }

    /// Prints up to `rows` rows, objects and cycles, instead of 100.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

fn cells(group: &TaskGroup<'_>) -> [String; 5] {
    let task = group.first;
    let (wait, line) = match &task.state {
        TaskState::Waiting(wait) => (
            wait.without_takers().to_string(),
            wait.line.map(ToString::to_string).unwrap_or_default(),
        ),
        TaskState::Ready | TaskState::Running => (format!("({task})"), String::new()),
    };
    [group.to_string(), task.style.to_string(), wait, line, task.label.spawned_at.to_string()]
}

impl Tasks {
    /// Returns the tasks as a table, with one row for all tasks that wait in the same way. The
    /// objects that they wait for follow, and the [cycles](Tasks::cycles).
    pub fn table(&self) -> TaskTable<'_> {
        TaskTable::new(self)
    }
}

impl fmt::Display for TaskTable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = self.tasks.groups();
        let mut lines = vec![HEADINGS.map(str::to_string)];
        lines.extend(groups.iter().take(self.rows).map(cells));
        write_columns(f, &lines)?;
        match groups.len().saturating_sub(self.rows) {
            0 => {}
            more => write!(f, "\nand {more} more rows")?,
        }
        let objects = self.tasks.objects();
        let mut lines = Aligned::default();
        for (object, side) in objects.iter().take(self.rows) {
            lines.push(format!("{object}, made"), object.made_at);
            object.write_ends_and_takers(&mut lines, *side, "  ");
        }
        if !objects.is_empty() {
            write!(f, "\n\n{lines}")?;
        }
        let cycles = self.tasks.cycles();
        cycles.iter().take(self.rows).try_for_each(|cycle| write!(f, "\n\n{cycle}"))
    }
}

fn write_columns(f: &mut fmt::Formatter<'_>, lines: &[[String; 5]]) -> fmt::Result {
    let mut widths = [0; 5];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (i, line) in lines.iter().enumerate() {
        let columns = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let columns = columns.collect::<Vec<_>>().join("  ");
        write!(f, "{}{}", if i == 0 { "" } else { "\n" }, columns.trim_end())?;
    }
    Ok(())
}

impl fmt::Display for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
