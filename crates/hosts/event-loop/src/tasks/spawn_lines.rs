//! [`SpawnLines`]: the lines that have spawned tasks. Each has a number, so that a task keeps four
//! bytes in place of eight.

use std::{collections::HashMap, panic::Location, ptr};

type Line = &'static Location<'static>;

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
            u32::try_from(self.lines.len() - 1).expect("a program has fewer than 4 billion lines")
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
