//! [`Page`]: `docs/instructions.md`, written and compared.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use crate::{
    counting::{Counted, FEW, MANY},
    programs::CountedOperation,
};

/// By how many percent an operation may grow before [`Page::check`] fails.
const TOLERATED: u64 = 5;

/// Where the page is.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/instructions.md")
}

/// What was counted, as a page of the book.
#[derive(Debug)]
pub(crate) struct Page {
    counted: Vec<Counted>,
}

impl Page {
    pub(crate) fn new(counted: Vec<Counted>) -> Self {
        Self { counted }
    }

    /// Compares with a page that was written before.
    ///
    /// # Errors
    ///
    /// When an operation takes more instructions than [`TOLERATED`] allows, or is not on that page.
    /// With another compiler than that page's nothing is compared, and that is printed.
    pub(crate) fn check(&self, committed: &str) -> Result<(), String> {
        if !committed.contains(&compiler()) {
            println!(
                "skipped: docs/instructions.md was written with another compiler than {}",
                compiler()
            );
            return Ok(());
        }
        let grown: Vec<_> = self.counted.iter().filter_map(|row| grown(row, committed)).collect();
        if grown.is_empty() {
            println!("no operation takes over {TOLERATED} % more than docs/instructions.md says");
            return Ok(());
        }
        Err(format!(
            "more instructions than docs/instructions.md says:\n  {}\n  \
             remedy: find out why. If the gain justifies it, say so in the commit and write the page anew \
             with cargo run --release -p quadrivium-bench --bin count -- --write",
            grown.join("\n  ")
        ))
    }
}

/// What to say of a row that has grown too much.
fn grown((program, count): &Counted, committed: &str) -> Option<String> {
    let cells = format!("| {} | {} | ", program.operation.title(), program.style);
    let Some(row) = committed.lines().find_map(|line| line.strip_prefix(&cells)) else {
        return Some(format!("{program}: not there yet"));
    };
    let before: u64 =
        row.split(' ').next().and_then(|total| total.replace(',', "").parse().ok())?;
    let now = count.total();
    (now * 100 > before * (100 + TOLERATED)).then(|| format!("{program}: {before}, now {now}"))
}

fn compiler() -> String {
    format!("Written with {}.", env!("COMPILER"))
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# Instructions\n\n\
             How many instructions an operation takes in each style, counted by valgrind's callgrind. They do not\n\
             depend on what else the machine is doing, so a number that has grown is a change of the code. They say\n\
             nothing of caches, of mispredicted branches and of the kernel: [costs.md](costs.md) has times.\n\n\
             Each program runs twice, for {few} and for {many} operations, and the difference is divided by {difference}. An\n\
             instruction is counted where its source stands; one of the standard library counts for the function that\n\
             it was inlined into.\n\n\
             | column | has the instructions of |\n|---|---|\n\
             | loop | `event-loop` |\n\
             | leaves | `core` and `io`: what is performed, and the traits between a task and its host |\n\
             | style | the style, and the crate that it stands on |\n\
             | rest | the allocator, the C library, the standard library where it is not inlined, the program itself |\n",
            few = thousands(FEW),
            many = thousands(MANY),
            difference = thousands(MANY - FEW),
        )?;
        writeln!(f, "## Operations\n")?;
        for operation in CountedOperation::value_variants() {
            writeln!(f, "* **{}**: {}", operation.title(), operation.sentence())?;
        }
        writeln!(f, "\n## Counts\n\n| operation | style | all | loop | leaves | style | rest |")?;
        writeln!(f, "|---|---|--:|--:|--:|--:|--:|")?;
        for (program, count) in &self.counted {
            let numbers = [count.total(), count.event_loop, count.leaves, count.style, count.rest];
            let cells = numbers.map(thousands).join(" | ");
            writeln!(f, "| {} | {} | {cells} |", program.operation.title(), program.style)?;
        }
        writeln!(
            f,
            "\n{} `cargo run --release -p quadrivium-bench --bin count -- --write`\n\
             writes this page; `--check` fails when an operation takes over {TOLERATED} % more than it says.",
            compiler()
        )
    }
}

/// `1,234`.
fn thousands(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{profile::Count, programs::CountedProgram};

    fn page(instructions: u64) -> Page {
        let count = Count { rest: instructions, ..Count::default() };
        Page::new(CountedProgram::all().map(|program| (program, count)).collect())
    }

    #[test]
    fn what_has_grown_too_much_is_named() {
        let committed = page(1_000).to_string();
        assert_eq!(page(1_050).check(&committed), Ok(()));
        assert_eq!(page(10).check(&committed), Ok(()));
        let error = page(1_051).check(&committed).unwrap_err();
        assert_eq!(
            error.matches(": 1000, now 1051").count(),
            CountedProgram::all().count(),
            "{error}"
        );
    }

    #[test]
    fn a_row_that_is_not_there_is_named() {
        let committed = page(1).to_string().replace("| green |", "| red |");
        let error = page(1).check(&committed).unwrap_err();
        assert_eq!(
            error.matches("not there yet").count(),
            CountedOperation::value_variants().len(),
            "{error}"
        );
    }

    #[test]
    fn the_numbers_of_another_compiler_are_not_compared() {
        let committed = page(1).to_string().replace(env!("COMPILER"), "rustc 1.0.0");
        assert_eq!(page(1_000).check(&committed), Ok(()));
    }
}
