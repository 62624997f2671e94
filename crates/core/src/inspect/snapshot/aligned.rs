//! [`Aligned`]: lines of text. Some of them name source lines, which are in a column.

use std::{fmt, panic::Location};

/// Lines of text. Some of them name source lines, which are in a column.
///
/// ```text
/// task 1 (green), spawned               at src/main.rs:10:16
///   waits for lock of mutex "money"     at src/main.rs:12:28
/// ```
#[derive(Default)]
pub(super) struct Aligned {
    lines: Vec<(String, Option<&'static Location<'static>>)>,
}

/// A text that is longer than this does not move the column to the right.
const WIDEST: usize = 100;

impl Aligned {
    pub(super) fn push(
        &mut self,
        text: impl Into<String>,
        at: impl Into<Option<&'static Location<'static>>>,
    ) {
        self.lines.push((text.into(), at.into()));
    }
}

impl fmt::Display for Aligned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let located = self.lines.iter().filter(|(_, at)| at.is_some());
        let widths = located.map(|(text, _)| text.chars().count());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
        for (i, (text, at)) in self.lines.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "\n" })?;
            match at {
                Some(at) => write!(f, "{text:width$}  at {at}")?,
                None => f.write_str(text)?,
            }
        }
        Ok(())
    }
}
