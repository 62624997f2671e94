//! [`Failure`]: why a run failed, and the message that reports it.

use std::thread;

use crate::{path::Path, record::KeptTrace};

/// Why a run failed.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    last_lines: Vec<String>,
    digest: u64,
}

impl Failure {
    pub(crate) fn new(cause: String, record: &KeptTrace) -> Self {
        Self { cause, last_lines: record.lines(), digest: record.digest() }
    }

    /// Returns the message for a seed that failed. `again` is the failure of a second run of that
    /// seed, if it failed too.
    pub(crate) fn message_with_seed(&self, seed: u64, again: Option<&Failure>) -> String {
        let message = format!(
            "seed {seed} fails: {}\n\n\
             To run it alone: QUADRIVIUM_SEED={seed} cargo test{}\n\
             For its trace: Simulation::replay({seed}, program), with the same order and faults.",
            self.cause,
            test_filter()
        );
        let differs = match again {
            None => "did not fail",
            Some(again) if again.digest != self.digest => "left another trace",
            Some(_) => return format!("{message}{}", self.trace()),
        };
        format!(
            "{message}\n\nIt was run twice and {differs} the second time, so the program itself is not \
             deterministic. Look for the order of a HashMap, other threads, the real clock, or \
             state that an earlier run has left.{}",
            self.trace()
        )
    }

    /// Returns the message for choices that failed.
    pub(crate) fn message_with_choices(&self, run_number: u64, path: &Path) -> String {
        format!(
            "run {run_number} fails, with the choices {path}: {}\n\n\
             For its trace: Simulation::replay_order(\"{path}\", program), with the same order.{}",
            self.cause,
            self.trace()
        )
    }

    fn trace(&self) -> String {
        if self.last_lines.is_empty() {
            return "\n\nNothing happened to a task.".to_string();
        }
        let lines = self.last_lines.iter().map(|line| format!("  {line}\n"));
        format!("\n\nThe last lines of its trace:\n{}", lines.collect::<String>())
    }
}

/// Returns the argument of `cargo test` that selects the test on this thread, with a space before
/// it. The test harness names each thread after its test.
pub(crate) fn test_filter() -> String {
    let thread = thread::current();
    let name = thread.name().filter(|name| *name != "main");
    name.map(|name| format!(" {name}")).unwrap_or_default()
}
