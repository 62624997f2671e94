//! [`Schedule`]: decides the order of the tasks in a simulation, and what goes wrong there.
//!
//! ```
//! use quadrivium_core::{host::TaskId, turn};
//! use quadrivium_event_loop::{EventLoop, Recorder, Schedule};
//!
//! /// Last come, first served.
//! struct Backwards;
//!
//! impl Schedule for Backwards {
//!     fn next(&mut self, ready: &[TaskId]) -> usize {
//!         ready.len() - 1
//!     }
//! }
//!
//! let recorder = Recorder::default();
//! let mut event_loop = EventLoop::with_schedule(Backwards)?;
//! event_loop.trace(recorder.clone());
//! let _first = event_loop.spawn(turn());
//! event_loop.block_on(turn())?;
//! assert!(recorder.lines().iter().all(|line| !line.contains("task 1 resumed")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod scheduled_tasks;
pub(crate) mod late_wakes;

use std::time::Duration;

use quadrivium_core::host::TaskId;

/// Decides which ready task of a loop runs next, and which faults occur.
///
/// A loop that [has a schedule](crate::EventLoop::with_schedule) resumes one task in each turn. The
/// methods of the schedule are called between two steps, never inside a wake, and nothing of the
/// loop is borrowed meanwhile. The exception is `first_part`. A schedule may delay a wake, but it
/// cannot lose one. So a task that keeps its contract goes on under every schedule.
pub trait Schedule {
    /// Returns which of the ready tasks is resumed next, as an index. They are in the order in
    /// which they became ready, and there is at least one. The method is called once in each step,
    /// even if there is no choice.
    fn next(&mut self, ready: &[TaskId]) -> usize;

    /// Returns which part of a [`select`](quadrivium_core::select) of `n` parts is resumed first.
    /// It is less than `n`, which is at least 2. Unlike the other methods, this one is called
    /// inside a step. By default, it is the first part in the order of the parts.
    fn first_part(&mut self, n: usize) -> usize {
        let _ = n;
        0
    }

    /// Returns what goes wrong with `task`, which has just suspended.
    fn suspended(&mut self, task: TaskId) -> Fault {
        let _ = task;
        Fault::None
    }

    /// Returns the time after which `task` becomes ready. The task was suspended, and now it has
    /// been woken or its deadline has come.
    fn woken(&mut self, task: TaskId) -> Duration {
        let _ = task;
        Duration::ZERO
    }
}

/// What goes wrong with a task that has suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The task is cancelled, unless a `block_on` waits for it.
    Cancel,
    /// After this time the task is woken, although nothing has happened that it waits for.
    ///
    /// This fault is ignored if such a wake was the only reason for the step that has just ended.
    /// Otherwise a task that waits could be resumed for ever: time would not go on, and a deadlock
    /// would not be found.
    Wake(Duration),
}
