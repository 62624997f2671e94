//! [`Count`]: the instructions of a run, by floor, read from callgrind's file.

use std::{
    collections::HashMap,
    ops::{Div, Sub},
};

use crate::programs::CountedStyle;

/// Instructions, by whose source they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// The event loop's.
    pub(crate) event_loop: u64,
    /// Those of leaves and combinators: `core` and `io`.
    pub(crate) leaves: u64,
    /// Those of the style, and of the crate it stands on.
    pub(crate) style: u64,
    /// Those of the allocator, the C library, the program itself, and of the standard library where
    /// nothing above has inlined it.
    pub(crate) rest: u64,
}

impl Count {
    pub(crate) fn total(&self) -> u64 {
        let Self { event_loop, leaves, style, rest } = self;
        event_loop + leaves + style + rest
    }

    /// Reads the [file format of callgrind](https://valgrind.org/docs/manual/cl-format.html): lines
    /// of costs, below the function that they are part of, and below the file of their source.
    ///
    /// # Errors
    ///
    /// When it is another format.
    pub(crate) fn read(profile: &str, style: CountedStyle) -> Result<Self, String> {
        let mut reader = Reader { style, ..Reader::default() };
        let mut lines = profile.lines();
        while let Some(line) = lines.next() {
            match line.split_once('=') {
                Some(("fl" | "fi" | "fe", file)) => reader.file = reader.of_file(file),
                Some(("fn", name)) => reader.function = reader.of_function(name),
                // What is called is named here, perhaps for the first time.
                Some(("cfl" | "cfi", file)) => _ = reader.of_file(file),
                Some(("cfn", name)) => _ = reader.of_function(name),
                // The next line is the cost of the called function, which is counted where it
                // stands.
                Some(("calls", _)) => drop(lines.next()),
                Some(_) => {}
                None => reader.cost(line)?,
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

/// Whose instructions they are, if they are any of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Floor {
    EventLoop,
    Leaves,
    Style,
}

#[derive(Debug, Default)]
struct Reader {
    style: CountedStyle,
    count: Count,
    /// What has been read of files and functions: each has a number, and its name stands only where
    /// it is first mentioned.
    files: HashMap<String, Option<Floor>>,
    functions: HashMap<String, Option<Floor>>,
    /// Where the source of the next lines is: the function's, or a file that was inlined into it.
    file: Option<Floor>,
    /// What function the next lines are part of.
    function: Option<Floor>,
}

impl Reader {
    fn of_file(&mut self, file: &str) -> Option<Floor> {
        let style = self.style.folders();
        let floors = [
            (Floor::EventLoop, &["crates/hosts/event-loop/src/"][..]),
            (Floor::Leaves, &["crates/core/src/", "crates/io/src/"]),
            (Floor::Style, style),
        ];
        floor(&mut self.files, file, &floors)
    }

    fn of_function(&mut self, name: &str) -> Option<Floor> {
        let style = self.style.crates();
        let floors = [
            (Floor::EventLoop, &["quadrivium_event_loop::"][..]),
            (Floor::Leaves, &["quadrivium_core::", "quadrivium_io::"]),
            (Floor::Style, style),
        ];
        floor(&mut self.functions, name, &floors)
    }

    /// `LINE INSTRUCTIONS`. All other lines without a `=` are no costs.
    fn cost(&mut self, line: &str) -> Result<(), String> {
        let Some((position, cost)) = line.split_once(' ') else { return Ok(()) };
        if !position.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            return Ok(());
        }
        let cost: u64 = cost.trim().parse().map_err(|_| format!("no line of costs: {line}"))?;
        // A method of `Option`, say, counts for the function that it was inlined into.
        *match self.file.or(self.function) {
            Some(Floor::EventLoop) => &mut self.count.event_loop,
            Some(Floor::Leaves) => &mut self.count.leaves,
            Some(Floor::Style) => &mut self.count.style,
            None => &mut self.count.rest,
        } += cost;
        Ok(())
    }
}

/// `(7) crates/core/src/time.rs`, or `(7)` when its name is known: the floor whose mark comes first
/// in the name.
fn floor(
    known: &mut HashMap<String, Option<Floor>>,
    numbered: &str,
    floors: &[(Floor, &[&str])],
) -> Option<Floor> {
    let (number, name) = numbered.split_once(' ').unwrap_or((numbered, ""));
    if let Some(floor) = known.get(number) {
        return *floor;
    }
    let marks =
        floors.iter().flat_map(|(floor, marks)| marks.iter().map(move |mark| (floor, mark)));
    let found = marks.filter_map(|(floor, mark)| Some((name.find(mark)?, *floor)));
    let floor = found.min_by_key(|(at, _)| *at).map(|(_, floor)| floor);
    known.insert(number.to_string(), floor);
    floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_whose_source_they_are() {
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
        assert_eq!(read, expected, "the cost of a call is where the called function stands");
        assert!(Count::read("events: Ir\n", CountedStyle::Green).is_err());
    }

    #[test]
    fn the_difference_of_two_runs_is_rounded() {
        let count = |event_loop| Count { event_loop, ..Count::default() };
        assert_eq!((count(1_149) - count(1_000)) / 10, count(15));
    }
}
