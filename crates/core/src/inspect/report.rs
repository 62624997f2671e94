//! [`Report`]: what a host has noticed about its tasks. [`Reporter`] is the code that is told.

use std::{fmt, sync::Arc, time::Duration};

use super::{LongStep, snapshot::Tasks};
use crate::host::Label;

/// What a host has noticed about its tasks while they run. Its `Display` is one message.
///
/// The first kind is certain: only a cancel can end such waits. The second kind is suspected,
/// because a task may have moved a lock or a permit to another task, which is about to release it.
/// The last two kinds come from the watchdog of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// Each of these tasks waits for the end of another one of them, or a task waits for its own
    /// end. So none of them can end, unless it is cancelled.
    JoinCycle(Tasks),
    /// Each of these tasks waits for another one of them, and has done so for a while: for its
    /// end, or for a lock, a permit or a place in a queue that the other one has taken.
    SuspectedCycle {
        /// The tasks.
        tasks: Tasks,
        /// How long all of them have waited.
        waited: Duration,
    },
    /// This task has panicked, and no task joins it. So no code learns of the panic.
    UnreadPanic {
        /// The task.
        task: Label,
        /// The message of the panic, if it is a text.
        message: Option<Box<str>>,
    },
    /// A task occupies the loop: its step takes longer than the limit of the watchdog. This comes
    /// while the step lasts, and again with growing pauses.
    LongStep(LongStep),
    /// The step of the last [`LongStep`](Report::LongStep) has ended. The report has its duration.
    LongStepEnded(LongStep),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinCycle(tasks) => {
                writeln!(f, "tasks wait for the end of each other, so none of them can end")?;
                tasks.list().fmt(f)
            }
            Self::SuspectedCycle { tasks, waited } => {
                writeln!(f, "tasks seem to wait for each other, for {waited:?} so far")?;
                tasks.list().fmt(f)
            }
            Self::UnreadPanic { task, message } => {
                write!(f, "{task} has panicked, and no task joins it")?;
                match message {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
            Self::LongStep(step) => step.write_so_far(f),
            Self::LongStepEnded(step) => step.write_at_the_end(f),
        }
    }
}

/// The code that a host calls with each [`Report`].
///
/// It may be called on any thread, because a task can keep the thread of its loop busy. A clone is
/// the same reporter.
#[derive(Clone)]
pub struct Reporter {
    report: Arc<dyn Fn(&Report) + Send + Sync>,
}

impl Reporter {
    /// Makes a reporter that calls this function.
    pub fn new(report: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        Self { report: Arc::new(report) }
    }

    /// Makes a reporter that prints each report to standard error.
    pub fn stderr() -> Self {
        Self::new(|report| eprintln!("quadrivium: {report}"))
    }

    /// Calls the function with this report. The function is user code: it may panic.
    pub fn report(&self, report: &Report) {
        (self.report)(report);
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}
