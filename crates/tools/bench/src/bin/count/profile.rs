//! [`Count`]: the instructions of a run, by the part of the project that they belong to, read from
//! callgrind's file.

use std::{
    collections::HashMap,
    ops::{Div, Sub},
};

use crate::programs::CountedStyle;

/// The numbers of instructions, by the crates that contain their source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Instructions of the event loop.
    pub(crate) event_loop: u64,
    /// Instructions of leaves and combinators: `core` and `io`.
    pub(crate) leaves: u64,
    /// Instructions of the style, and of the crate that it is built on.
    pub(crate) style: u64,
    /// Instructions of the allocator, the C library and the program itself. The standard library
    /// counts here where it is not inlined into one of the above.
    pub(crate) rest: u64,
}

impl Count {
    pub(crate) fn total(&self) -> u64 {
        let Self { event_loop, leaves, style, rest } = self;
        event_loop + leaves + style + rest
    }

    /// Reads the [file format of callgrind](https://valgrind.org/docs/manual/cl-format.html). It
    /// has lines of costs below a line that names their function and a line that names their source
    /// file.
    ///
    /// # Errors
    ///
    /// When the text has another format.
    pub(crate) fn read(profile: &str, style: CountedStyle) -> Result<Self, String> {
        let mut reader = Reader { style, ..Reader::default() };
        let mut lines = profile.lines();
        while let Some(line) = lines.next() {
            match line.split_once('=') {
                Some(("fl" | "fi" | "fe", file)) => reader.file = reader.part_of_file(file),
                Some(("fn", name)) => reader.function = reader.part_of_function(name),
                // The name of a called function or of its file may be here for the first time.
                Some(("cfl" | "cfi", file)) => _ = reader.part_of_file(file),
                Some(("cfn", name)) => _ = reader.part_of_function(name),
                // The next line is the cost of the called function. It is also listed under that
                // function, and is counted there.
                Some(("calls", _)) => drop(lines.next()),
                Some(_) => {}
                None => reader.add_cost(line)?,
            }
        }
        match reader.count.total() {
            0 => Err("callgrind's file has no costs".to_string()),
            _ => Ok(reader.count),
        }
    }
}

impl Sub for Count {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            event_loop: self.event_loop.saturating_sub(less.event_loop),
            leaves: self.leaves.saturating_sub(less.leaves),
            style: self.style.saturating_sub(less.style),
            rest: self.rest.saturating_sub(less.rest),
        }
    }
}

impl Div<u64> for Count {
    type Output = Self;

    fn div(self, operations: u64) -> Self {
        let one = |all: u64| (all + operations / 2) / operations;
        Self {
            event_loop: one(self.event_loop),
            leaves: one(self.leaves),
            style: one(self.style),
            rest: one(self.rest),
        }
    }
}

/// The part of the project that an instruction belongs to. Other instructions have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    EventLoop,
    Leaves,
    Style,
}

#[derive(Debug, Default)]
struct Reader {
    style: CountedStyle,
    count: Count,
    /// The files and functions that were read so far, by their numbers. The profile gives a name
    /// only where its number first appears.
    files: HashMap<String, Option<Part>>,
    functions: HashMap<String, Option<Part>>,
    /// The part that the source of the next lines belongs to. The source is the file of the
    /// function, or a file that was inlined into it.
    file: Option<Part>,
    /// The part that the function of the next lines belongs to.
    function: Option<Part>,
}

impl Reader {
    fn part_of_file(&mut self, file: &str) -> Option<Part> {
        let style = self.style.folders();
        let parts = [
            (Part::EventLoop, &["crates/hosts/event-loop/src/"][..]),
            (Part::Leaves, &["crates/core/src/", "crates/io/src/"]),
            (Part::Style, style),
        ];
        find_part(&mut self.files, file, &parts)
    }

    fn part_of_function(&mut self, name: &str) -> Option<Part> {
        let style = self.style.crates();
        let parts = [
            (Part::EventLoop, &["quadrivium_event_loop::"][..]),
            (Part::Leaves, &["quadrivium_core::", "quadrivium_io::"]),
            (Part::Style, style),
        ];
        find_part(&mut self.functions, name, &parts)
    }

    /// Adds the cost of a line `LINE INSTRUCTIONS`. Other lines without a `=` have no cost.
    fn add_cost(&mut self, line: &str) -> Result<(), String> {
        let Some((position, cost)) = line.split_once(' ') else { return Ok(()) };
        if !position.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            return Ok(());
        }
        let cost: u64 =
            cost.trim().parse().map_err(|_| format!("this is not a line of costs: {line}"))?;
        // A method of the standard library belongs to the function that it was inlined into.
        *match self.file.or(self.function) {
            Some(Part::EventLoop) => &mut self.count.event_loop,
            Some(Part::Leaves) => &mut self.count.leaves,
            Some(Part::Style) => &mut self.count.style,
            None => &mut self.count.rest,
        } += cost;
        Ok(())
    }
}

/// Returns the part that a file or a function belongs to. `numbered` is `(7)
/// crates/core/src/time.rs`, or `(7)` if the name was given before. Each part has marks, and the
/// mark that is first in the name decides.
fn find_part(
    known: &mut HashMap<String, Option<Part>>,
    numbered: &str,
    parts: &[(Part, &[&str])],
) -> Option<Part> {
    let (number, name) = numbered.split_once(' ').unwrap_or((numbered, ""));
    if let Some(part) = known.get(number) {
        return *part;
    }
    let marks = parts.iter().flat_map(|(part, marks)| marks.iter().map(move |mark| (part, mark)));
    let found = marks.filter_map(|(part, mark)| Some((name.find(mark)?, *part)));
    let part = found.min_by_key(|(at, _)| *at).map(|(_, part)| part);
    known.insert(number.to_string(), part);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_belongs_to_the_crate_with_its_source() {
        let profile = "\
# callgrind format
version: 1
events: Ir
fl=(1) ./crates/hosts/event-loop/src/turn/mod.rs
fn=(1) quadrivium_event_loop::turn::Loop::turn
16 4
fi=(2) /rust/library/core/src/option.rs
+3 10
fi=(3) crates/core/src/time.rs
30 100
fe=(1)
17 1000
cfn=(2) <corosensei::Coroutine as quadrivium_core::Task>::resume
calls=5 12
18 70000
fl=(2)
fn=(2)
* 20000
fl=(5) ./malloc/malloc.c
fn=(3) malloc
12 300000
";
        let read = Count::read(profile, CountedStyle::Green).unwrap();
        let expected = Count { event_loop: 1_014, leaves: 100, style: 20_000, rest: 300_000 };
        assert_eq!(read, expected, "the cost of a call belongs to the called function");
        assert!(Count::read("events: Ir\n", CountedStyle::Green).is_err());
    }

    #[test]
    fn the_difference_of_two_runs_is_rounded() {
        let count = |event_loop| Count { event_loop, ..Count::default() };
        assert_eq!((count(1_149) - count(1_000)) / 10, count(15));
    }
}
