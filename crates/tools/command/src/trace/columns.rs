//! The columns of a trace: as wide as their content, and together at most as wide as a page.

use super::rows::Row;

/// The widths of the columns in front of the last.
pub struct Columns {
    time: usize,
    task: usize,
    event: usize,
    line: usize,
}

/// Longer names of tasks are cut.
const WIDEST_TASK: usize = 26;

/// Longer paths lose their beginnings.
const WIDEST_LINE: usize = 36;

const GAP: &str = "  ";

impl Columns {
    /// Returns columns that have room for these rows, in at most `width` columns of the terminal.
    pub fn fitting(rows: &[Row], width: usize) -> Self {
        let heading = Self::headings();
        let widest = |cell: fn(&Row) -> &String| {
            let widths = rows.iter().chain([&heading]).map(|row| cell(row).chars().count());
            widths.max().unwrap_or(0)
        };
        let time = widest(|row| &row.time);
        let task = widest(|row| &row.task).min(WIDEST_TASK);
        let line = widest(|row| &row.line).min(WIDEST_LINE);
        let left = width.saturating_sub(time + task + line + 3 * GAP.len());
        Self { time, task, event: widest(|row| &row.event).min(left), line }
    }

    fn headings() -> Row {
        let [time, task, event, line] = ["time", "task", "event", "line"].map(str::to_owned);
        Row { time, task, event, line }
    }

    /// Returns the line of headings.
    pub fn heading(&self) -> String {
        self.line(&Self::headings())
    }

    /// Returns the line of a row.
    pub fn line(&self, row: &Row) -> String {
        let Self { time, task, event, line } = *self;
        let cells = format!(
            "{:<time$}{GAP}{:<task$}{GAP}{:<event$}{GAP}{}",
            row.time,
            start(&row.task, task),
            start(&row.event, event),
            end(&row.line, line),
        );
        cells.trim_end().to_owned()
    }
}

/// What stands for the part of a text that is cut.
const CUT: &str = "...";

/// Returns the text, without its end if it is wider than the column.
fn start(text: &str, width: usize) -> String {
    match text.chars().count() <= width {
        true => text.to_owned(),
        false => text.chars().take(width.saturating_sub(CUT.len())).collect::<String>() + CUT,
    }
}

/// Returns the text, without its start if it is wider than the column.
fn end(text: &str, width: usize) -> String {
    match text.chars().count().checked_sub(width) {
        None | Some(0) => text.to_owned(),
        Some(more) => CUT.to_owned() + &text.chars().skip(more + CUT.len()).collect::<String>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_never_wider_than_the_page() {
        let long = "a text that is far too long for any column ".repeat(4);
        let row = Row { time: "0ns".into(), task: long.clone(), event: long.clone(), line: long };
        let columns = Columns::fitting(std::slice::from_ref(&row), 100);
        let line = columns.line(&row);
        assert_eq!(line.chars().count(), 99, "the last column ends with a space: {line}");
        assert_eq!(line.matches(CUT).count(), 3, "{line}");
        assert!(columns.heading().len() <= 100);
    }

    #[test]
    fn columns_are_as_wide_as_their_content() {
        let row = |time: &str, event: &str| {
            let [time, task, event] = [time, "task 1", event].map(str::to_owned);
            Row { time, task, event, ..Row::default() }
        };
        let rows = [row("0ns", "spawned"), row("", "resumed")];
        let columns = Columns::fitting(&rows, 100);
        assert_eq!(columns.heading(), "time  task    event    line");
        assert_eq!(columns.line(&rows[0]), "0ns   task 1  spawned");
        assert_eq!(columns.line(&rows[1]), "      task 1  resumed");
    }
}
