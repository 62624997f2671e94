//! [`Page`]: the text of `docs/instructions.md`, and its comparison with new counts.

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

/// Returns the path of the page.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/instructions.md")
}

/// The counts, displayed as a page of the documentation.
#[derive(Debug)]
pub(crate) struct Page {
    counted: Vec<Counted>,
}

impl Page {
    pub(crate) fn new(counted: Vec<Counted>) -> Self {
        Self { counted }
    }

    /// Compares the counts with a page that was written earlier. If another compiler wrote that
    /// page, this prints so and compares nothing.
    ///
    /// # Errors
    ///
    /// When an operation takes more instructions than [`TOLERATED`] allows, or is not on that page.
    pub(crate) fn check(&self, committed: &str) -> Result<(), String> {
        if !committed.contains(&compiler()) {
            println!(
                "skipped: docs/instructions.md was written with another compiler than {}",
                compiler()
            );
            return Ok(());
        }
        let grown: Vec<_> = self.counted.iter().filter_map(|row| growth(row, committed)).collect();
        if grown.is_empty() {
            println!(
                "no operation takes over {TOLERATED} % more instructions than in \
                 docs/instructions.md"
            );
            return Ok(());
        }
        Err(format!(
            "more instructions than in docs/instructions.md:\n  {}\n  \
             remedy: find the cause. If the growth is justified, write so in the commit and \
             renew the page with cargo run --release -p quadrivium-bench --bin count -- --write",
            grown.join("\n  ")
        ))
    }
}

/// Returns a line about this operation if it has grown too much, or is not on the page.
fn growth((program, count): &Counted, committed: &str) -> Option<String> {
    let cells = format!("| {} | {} | ", program.operation.title(), program.style);
    let Some(row) = committed.lines().find_map(|line| line.strip_prefix(&cells)) else {
        return Some(format!("{program}: not on the page"));
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
             This page shows how many instructions an operation takes in each style. Callgrind,\n\
             a tool of valgrind, counts them. The numbers do not depend on the load of the\n\
             machine, so a number that has grown comes from a change of the code. They do not\n\
             include the cost of cache misses, of mispredicted branches and of the kernel.\n\
             [costs.md](costs.md) has times.\n\n\
             Each program runs twice, for {few} and for {many} operations. The difference of the\n\
             two counts is divided by {difference}. An instruction belongs to the crate that\n\
             contains its source. If that is the standard library, it belongs to the function\n\
             into which it was inlined.\n\n\
             | column | instructions of |\n|---|---|\n\
             | loop | `event-loop` |\n\
             | leaves | `core` and `io`: the leaves, and the traits between a task and its host |\n\
             | style | the style, and the crate that it is built on |\n\
             | rest | the allocator, the C library, the standard library where it is not \
             inlined, the program itself |\n",
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
            "\n{}\n\
             `cargo run --release -p quadrivium-bench --bin count -- --write` writes this page.\n\
             With `--check` it fails when an operation takes over {TOLERATED} % more instructions\n\
             than on this page.",
            compiler()
        )
    }
}

/// Returns a number with thousands separators, such as `1,234`.
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
    fn an_operation_that_grew_too_much_is_named() {
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
    fn an_operation_that_is_not_on_the_page_is_named() {
        let committed = page(1).to_string().replace("| green |", "| red |");
        let error = page(1).check(&committed).unwrap_err();
        assert_eq!(
            error.matches("not on the page").count(),
            CountedOperation::value_variants().len(),
            "{error}"
        );
    }

    /// Returns the lines of a page that have neither counts nor the name of the compiler.
    fn prose(page: &str) -> Vec<&str> {
        let (head, counts) = page.split_once("## Counts").expect("the page has counts");
        let has_no_counts = |line: &&str| !line.starts_with("| ") && !line.contains("rustc");
        head.lines().chain(counts.lines().filter(has_no_counts)).collect()
    }

    #[test]
    fn the_committed_page_has_the_prose_of_this_program() {
        let committed = std::fs::read_to_string(path()).unwrap();
        assert_eq!(prose(&committed), prose(&page(1).to_string()));
    }

    #[test]
    fn numbers_of_another_compiler_are_not_compared() {
        let committed = page(1).to_string().replace(env!("COMPILER"), "rustc 1.0.0");
        assert_eq!(page(1_000).check(&committed), Ok(()));
    }
}
