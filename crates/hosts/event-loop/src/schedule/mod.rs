//! [`Schedule`]: decides what a loop leaves open, for simulations.
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

/// Decides what a loop leaves open: which ready task runs next, and what goes wrong.
///
/// A loop that [has one](crate::EventLoop::with_schedule) resumes one task a turn. Its methods are
/// called between two steps, never inside a wake, and nothing of the loop is borrowed meanwhile.
/// Whatever it decides, a task that keeps its contract goes on: a wake may be late, never lost.
pub trait Schedule {
    /// Which of the ready tasks is resumed next, as an index. They stand in the order in which they
    /// became ready, and there is at least one. It is asked once a step, also when there is no
    /// choice.
    fn next(&mut self, ready: &[TaskId]) -> usize;

    /// `task` has suspended. What goes wrong now?
    fn suspended(&mut self, task: TaskId) -> Fault {
        let _ = task;
        Fault::None
    }

    /// `task`, which was suspended, has been woken or its deadline has come. After how long does it
    /// become ready?
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
    /// It is cancelled where it is suspended, unless a `block_on` waits for it.
    Cancel,
    /// After this time it is woken, whatever it waits for.
    ///
    /// Ignored when such a wake was the only reason for the step that has just ended. So a task is
    /// not resumed for ever while it waits, time goes on, and a deadlock is found.
    Wake(Duration),
}
