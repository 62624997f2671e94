//! [`RunError`] and [`Deadlock`]: why a run of the loop has failed.

use std::{error::Error, fmt};

use quadrivium_core::{
    JoinError,
    host::Label,
    inspect::snapshot::{Cycle, Tasks},
};

/// Why a run of the loop has failed.
///
/// It is `Send` and `Sync`, and `Debug` prints its message. So `main` may return it, either
/// directly or through `?` as a boxed error.
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
    /// This process was forked after the loop was made. Both processes share the loop's sockets and
    /// the descriptor in which the loop sleeps. So events for one process would get lost in the
    /// other. Make a new loop after the fork.
    Forked,
    /// No task can go on, and nothing outside the loop can wake one.
    Deadlock(Deadlock),
    /// A [`Stopper`](crate::Stopper) stopped the loop before the task was done. The task was
    /// cancelled.
    Stopped,
    /// The task panicked or was cancelled.
    Task(JoinError),
}

pub(crate) const FORKED: &str = "this process was forked after the loop was made, and the loop \
                                 belongs to the other process: make a new loop after the fork";

/// The tasks of a loop that cannot go on, in the order they were spawned.
///
/// A loop reports a deadlock if all of this is true:
///
/// * No task is ready.
/// * No task has a deadline that can come (a [`hold`](quadrivium_core::hold) stops the clock).
/// * No task waits for a socket or another descriptor.
/// * No task has passed its waker to code outside the loop.
/// * No handle that reaches the loop from outside exists, such as a [`Spawner`](crate::Spawner).
///
/// So only the tasks themselves and the caller of `run` could wake a task. After `run`, its caller
/// may still wake one and run the loop again. After `block_on`, the task that it has run is
/// cancelled.
#[derive(Clone, PartialEq, Eq)]
pub struct Deadlock {
    /// What each task waits for.
    pub tasks: Tasks,
    /// The tasks of other loops of this thread whose handles the tasks have joined. Those loops do
    /// not run while this loop runs, so these tasks cannot end. Join a handle on the loop that has
    /// spawned its task.
    pub joined_elsewhere: Vec<Label>,
    /// Whether a task has waited for a deadline after the end of the loop's clock, which is 584
    /// years after the loop was made. A virtual clock can jump to that end. Then no deadline comes
    /// any more.
    pub time_is_used_up: bool,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Nested => f.write_str(
                "a loop is running on this thread already: \
                 inside a task, perform the other task instead, or spawn it and join its handle",
            ),
            RunError::Forked => f.write_str(FORKED),
            RunError::Deadlock(deadlock) => deadlock.fmt(f),
            RunError::Stopped => f.write_str(
                "a Stopper has stopped the loop before the task was done, so the task was cancelled",
            ),
            RunError::Task(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "deadlock: no task is ready, and nothing outside the loop can wake one\n")?;
        writeln!(f, "{}", self.tasks.list())?;
        if let Some(label) = self.joined_elsewhere.first() {
            return write!(
                f,
                "\na task waits for {label} of another loop, which does not run meanwhile: join a \
                 handle on the loop that has spawned its task"
            );
        }
        f.write_str("\n")?;
        f.write_str(self.hint())
    }
}

impl Deadlock {
    /// Returns what to look for.
    fn hint(&self) -> &'static str {
        if self.time_is_used_up {
            return "time is used up: a task waits for a deadline after the end of the clock, which \
                    is 584 years after the loop was made. Let less time pass, or make a new loop";
        }
        self.tasks.cycles().first().map_or(
            "look for a sender that is never dropped, a missing wake, or a sleep that is too long \
             to end",
            Cycle::remedy,
        )
    }
}

quadrivium_core::debug_as_display! {
    RunError;
    Deadlock;
}

/// It has no source: its message contains the message of the error inside, which would be printed
/// twice.
impl Error for RunError {}

impl From<JoinError> for RunError {
    fn from(error: JoinError) -> Self {
        RunError::Task(error)
    }
}

impl Error for Deadlock {}
