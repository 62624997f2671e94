//! Why a run of the loop ended without what was asked of it.

use std::{error::Error, fmt};

use quadrivium_core::{JoinError, host::Label};

/// Why a run of the loop ended without what was asked of it.
///
/// It is `Send` and `Sync`, and its `Debug` is its message: so `main` may return it, by itself or
/// through `?` in any error that takes all errors.
///
/// ```
/// use quadrivium_core::turn;
/// use quadrivium_event_loop::EventLoop;
/// use std::error::Error;
///
/// fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
///     EventLoop::new()?.block_on(turn())?;
///     Ok(())
/// }
/// ```
pub enum RunError {
    /// A loop is running on this thread already. Inside a task, `perform` the other task, or spawn
    /// it and join the handle.
    Nested,
    /// This process was forked after the loop was made. Both processes share what the loop sleeps
    /// with and its sockets, so the events of one would get lost in the other. Make a new loop
    /// after the fork.
    Forked,
    /// No task can go on, and nobody outside the loop could change that.
    Deadlock(Deadlock),
    /// The loop was stopped before the task was done; the task was cancelled.
    Stopped,
    /// The task panicked or was cancelled.
    Task(JoinError),
}

pub(crate) const FORKED: &str = "this process was forked after the loop was made, and the loop \
                                 belongs to the other process: make a new loop after the fork";

/// The tasks that are left, in the order they were spawned.
///
/// None is ready, none has a deadline that can come (see [`hold`](quadrivium_core::hold)), and only
/// they themselves and the caller of `run` hold what could wake them: no handle is in use
/// elsewhere, and no task has given its waker away. After `run` its caller may still wake one and
/// run again; the task of a `block_on` has been cancelled.
#[derive(Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// Who they are.
    pub tasks: Vec<Label>,
    /// A task has waited for a deadline beyond the end of the loop's clock, 584 years after the
    /// loop was made. On a virtual clock that time can be used up: no deadline comes any more.
    pub time_is_used_up: bool,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Nested => f.write_str(
                "a loop is running on this thread already: \
                 inside a task, perform the other task instead, or spawn and join it",
            ),
            RunError::Forked => f.write_str(FORKED),
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
        f.write_str("deadlock: no task is ready, and nobody outside the loop can wake one: ")?;
        for (i, label) in self.tasks.iter().take(SHOWN).enumerate() {
            write!(f, "{}{label}", if i == 0 { "" } else { ", " })?;
        }
        match self.tasks.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        f.write_str(match self.time_is_used_up {
            true => {
                "; time is used up: the clock ends 584 years after the loop was made, and a task \
                 waits for a later deadline; let less time pass, or make a new loop"
            }
            false => {
                "; look for a sender that is kept alive, a wake that is missing, or a sleep that \
                 is too long to end"
            }
        })
    }
}

quadrivium_core::debug_as_display! {
    RunError;
    Deadlock;
}

/// It has no source: the message is that of the error inside, and would be printed twice.
impl Error for RunError {}

impl From<JoinError> for RunError {
    fn from(error: JoinError) -> Self {
        RunError::Task(error)
    }
}

impl Error for Deadlock {}
