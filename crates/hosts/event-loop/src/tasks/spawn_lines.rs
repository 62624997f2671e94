//! [`SpawnLines`]: the lines that have spawned tasks. Each has a number, so that a task keeps four
//! bytes in place of eight.

use std::{collections::HashMap, panic::Location, ptr};

use quadrivium_core::inspect::Style;

type Line = &'static Location<'static>;

/// The number of the line that has spawned a task, and the style of the task, in four bytes.
#[derive(Clone, Copy)]
pub(crate) struct Spawn(u32);

const STYLE_BITS: u32 = 3;

impl Spawn {
    #[inline]
    pub(crate) fn new(line: u32, style: Style) -> Self {
        Self(line << STYLE_BITS | style as u32)
    }

    pub(crate) fn line(self) -> u32 {
        self.0 >> STYLE_BITS
    }

    pub(crate) fn style(self) -> Style {
        let style = self.0 & ((1 << STYLE_BITS) - 1);
        Style::ALL.into_iter().find(|it| *it as u32 == style).unwrap_or_default()
    }
}

#[derive(Default)]
pub(crate) struct SpawnLines {
    /// The line with the number `n` is at `n`.
    lines: Vec<Line>,
    numbers: HashMap<*const Location<'static>, u32>,
    /// Numbers of lines that were used lately. The place of a line depends on its address. So the
    /// usual spawn computes no hash.
    recent: [u32; RECENT],
}

const RECENT: usize = 32;

impl SpawnLines {
    /// Returns the number of a line.
    #[inline]
    pub(crate) fn number(&mut self, line: Line) -> u32 {
        let place = ptr::from_ref(line).addr() / align_of::<Location<'_>>() % RECENT;
        let number = self.recent[place];
        match self.lines.get(number as usize) {
            Some(known) if ptr::eq(*known, line) => number,
            Some(_) | None => {
                self.recent[place] = self.find(line);
                self.recent[place]
            }
        }
    }

    #[inline(never)]
    fn find(&mut self, line: Line) -> u32 {
        *self.numbers.entry(line).or_insert_with(|| {
            self.lines.push(line);
            let number = u32::try_from(self.lines.len() - 1).ok();
            let number = number.filter(|number| number >> (u32::BITS - STYLE_BITS) == 0);
            number.expect("a program spawns on fewer than 500 million lines")
        })
    }

    /// Returns the line with this number.
    pub(crate) fn line(&self, number: u32) -> Line {
        self.lines[number as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn here() -> Line {
        Location::caller()
    }

    macro_rules! lines {
        ($($line:tt)*) => { [$({ _ = $line; here() }),*] };
    }

    #[test]
    fn each_line_has_one_number() {
        let mut spawn_lines = SpawnLines::default();
        // More than there are places for recent lines.
        let lines: Vec<_> = [
            lines!(0 1 2 3 4 5 6 7 8 9),
            lines!(0 1 2 3 4 5 6 7 8 9),
            lines!(0 1 2 3 4 5 6 7 8 9),
            lines!(0 1 2 3 4 5 6 7 8 9),
        ]
        .concat();
        for _ in 0..3 {
            for line in &lines {
                let number = spawn_lines.number(line);
                assert!(ptr::eq(spawn_lines.line(number), *line));
            }
        }
        assert!(spawn_lines.lines.len() <= lines.len());
    }
}
