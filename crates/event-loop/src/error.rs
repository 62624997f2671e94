//! Why a run of the loop ended without what was asked of it.

use std::{error::Error, fmt};

use quadrivium_core::{JoinError, host::Label};

/// Why a run of the loop ended without what was asked of it.
#[derive(Debug)]
pub enum RunError {
    /// A loop is running on this thread already. Inside a task, `perform` the other task, or spawn
    /// it and join the handle.
    Nested,
    /// Tasks are left of which none can ever run again.
    Deadlock(Deadlock),
    /// The loop was stopped before the task was done; the task was cancelled.
    Stopped,
    /// The task panicked or was cancelled.
    Task(JoinError),
}

/// The tasks that wait for each other, in the order they were spawned.
///
/// Reported only when it is certain: there is no ready task, no deadline, no handle in use outside
/// the loop, and no task has given its waker to anyone but other tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Who they are.
    pub tasks: Vec<Label>,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Nested => f.write_str(
                "a loop is running on this thread already: \
                 inside a task, perform the other task instead, or spawn and join it",
            ),
            RunError::Deadlock(deadlock) => deadlock.fmt(f),
            RunError::Stopped => f.write_str("the loop was stopped before the task was done"),
            RunError::Task(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More names than this say no more.
        const SHOWN: usize = 8;
        write!(f, "deadlock: every task waits for another one: ")?;
        for (i, label) in self.tasks.iter().take(SHOWN).enumerate() {
            write!(f, "{}{label}", if i == 0 { "" } else { ", " })?;
        }
        match self.tasks.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Error for RunError {}
impl Error for Deadlock {}
