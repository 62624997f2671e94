//! [`Failure`]: why a run failed, and how it is told.

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

    /// What to say of a seed that failed like this, and `again` when it was run once more.
    pub(crate) fn message_with_seed(&self, seed: u64, again: Option<&Failure>) -> String {
        let how = format!(
            "seed {seed} fails: {}\n\n\
             To run it alone: QUADRIVIUM_SEED={seed} cargo test{}. For its trace: \
             Simulation::replay({seed}, program), with the same order and faults.",
            self.cause,
            test()
        );
        let differs = match again {
            None => "did not fail",
            Some(again) if again.digest != self.digest => "left another trace",
            Some(_) => return format!("{how}{}", self.trace()),
        };
        format!(
            "{how}\n\nIt was run twice and {differs} the second time: the program itself is not \
             deterministic. Look for the order of a HashMap, other threads, the real clock, what \
             an earlier run has left.{}",
            self.trace()
        )
    }

    /// What to say of choices that failed like this.
    pub(crate) fn message_with_choices(&self, order: u64, path: &Path) -> String {
        format!(
            "order {order} fails, with the choices {path}: {}\n\n\
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

/// The test on this thread, to be named on a command line: its thread is called as it is.
pub(crate) fn test() -> String {
    let thread = thread::current();
    let name = thread.name().filter(|name| *name != "main");
    name.map(|name| format!(" {name}")).unwrap_or_default()
}
