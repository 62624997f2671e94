//! [`Table`]: tasks as a table.

use std::{collections::HashMap, fmt};

use super::{
    TaskInfo, TaskState, Tasks,
    text::{Details, ShortLabel},
};

/// The number of rows that are printed unless more are asked for.
const ROWS: usize = 100;

/// Tasks as a table. Made by [`Tasks::table`].
///
/// Tasks of one style that were spawned on the same line and wait in the same way share a row. It
/// shows the first of them, and their number.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    tasks: &'a Tasks,
    rows: usize,
}

struct Row<'a> {
    first: &'a TaskInfo,
    count: usize,
}

const HEADINGS: [&str; 5] = ["task", "style", "waits for", "at", "spawned at"];

impl<'a> Table<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks, rows: ROWS }
    }

    /// Prints up to `rows` rows, instead of 100.
    #[must_use]
    pub fn rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// Returns all rows, in the order of their first tasks.
    fn all_rows(&self) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut found: HashMap<_, usize> = HashMap::new();
        for task in &self.tasks.tasks {
            let key = (task.style, task.label.spawned_at, &task.label.name, task.to_string());
            match found.get(&key) {
                Some(&index) => rows[index].count += 1,
                None => {
                    found.insert(key, rows.len());
                    rows.push(Row { first: task, count: 1 });
                }
            }
        }
        rows
    }
}

impl Row<'_> {
    fn cells(&self) -> [String; 5] {
        let task = self.first;
        let others = match self.count {
            1 => String::new(),
            2 => " and 1 other".to_string(),
            count => format!(" and {} others", count - 1),
        };
        let line = match &task.state {
            TaskState::Waiting(wait) => wait.line.map(ToString::to_string).unwrap_or_default(),
            TaskState::Ready | TaskState::Running => String::new(),
        };
        [
            format!("{}{others}", ShortLabel(&task.label)),
            task.style.to_string(),
            task.to_string(),
            line,
            task.label.spawned_at.to_string(),
        ]
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.all_rows();
        let headings = HEADINGS.map(str::to_string);
        let cells: Vec<_> = rows.iter().take(self.rows).map(Row::cells).collect();
        let lines = || std::iter::once(&headings).chain(&cells);
        let mut widths = [0; 5];
        for line in lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for (i, line) in lines().enumerate() {
            let columns = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            let columns = columns.collect::<Vec<_>>().join("  ");
            write!(f, "{}{}", if i == 0 { "" } else { "\n" }, columns.trim_end())?;
        }
        match rows.len().saturating_sub(self.rows) {
            0 => {}
            more => write!(f, "\nand {more} more rows")?,
        }
        let objects = self.tasks.objects();
        objects.iter().take(self.rows).try_for_each(|object| write!(f, "\n{}", Details(object)))
    }
}

impl fmt::Display for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table().fmt(f)
    }
}
