//! [`InspectError`]: why there is no snapshot of a loop.

use std::{error::Error, fmt, time::Duration};

/// Why a [`LoopInspector`](crate::LoopInspector) has no snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InspectError {
    /// The loop has ended.
    Gone,
    /// The loop has not answered within this time.
    NoAnswer(Duration, Unanswered),
}

/// Why a loop does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// A task keeps the thread of the loop: it computes, or it makes a call that blocks.
    Busy,
    /// The loop is inside another executor, which does not poll it.
    NotPolled,
    /// No code runs the loop.
    NotRun,
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the loop has ended"),
            Self::NoAnswer(limit, why) => {
                write!(f, "the loop has not answered for {limit:?}: {why}")
            }
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "a task keeps its thread",
            Self::NotPolled => "the executor around it does not poll it",
            Self::NotRun => "no code runs it",
        })
    }
}

impl Error for InspectError {}
