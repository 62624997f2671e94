//! [`Failure`]: why a run failed, and how it is told.

use crate::{path::Path, record::Record};

/// Why a run failed.
#[derive(Debug)]
pub(crate) struct Failure {
    cause: String,
    last_lines: Vec<String>,
    digest: u64,
}

impl Failure {
    pub(crate) fn new(cause: String, record: &Record) -> Self {
        Self { cause, last_lines: record.lines(), digest: record.digest() }
    }

    /// What to say of a seed that failed like this, and `again` when it was run once more.
    pub(crate) fn message_with_seed(&self, seed: u64, again: Option<&Failure>) -> String {
        let how = format!(
            "seed {seed} fails: {}\n\n\
             To run it alone: QUADRIVIUM_SEED={seed} cargo test. For its trace: \
             Simulation::replay({seed}, program), with the same order and faults.",
            self.cause
        );
        let is_same = again.is_some_and(|again| again.digest == self.digest);
        let doubt = if is_same { "" } else { NOT_DETERMINISTIC };
        format!("{how}{doubt}\n\n{}", self.trace())
    }

    /// What to say of choices that failed like this.
    pub(crate) fn message_with_choices(&self, order: u64, path: &Path) -> String {
        format!(
            "order {order} fails, with the choices {path}: {}\n\n\
             For its trace: Simulation::replay_order(\"{path}\", program).\n\n{}",
            self.cause,
            self.trace()
        )
    }

    fn trace(&self) -> String {
        let lines = self.last_lines.iter().map(|line| format!("  {line}\n"));
        format!("The last lines of its trace:\n{}", lines.collect::<String>())
    }
}

const NOT_DETERMINISTIC: &str = "\n\nIt was run twice and left another trace the second time: the \
     program itself is not deterministic. Look for the order of a HashMap, other threads, the real \
     clock.";
