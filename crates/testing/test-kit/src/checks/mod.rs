//! Checks around tasks of every style, in a simulation or outside.
//!
//! A check is a task that contains another task and returns the output of that task. It panics when
//! the inner task does not behave as required. The panic belongs to the task that performs the
//! check, as if its body had panicked there.

mod max_step;
mod must_not_suspend;
mod must_suspend;
mod no_leaked_tasks;

pub use max_step::{MaxStep, max_step};
pub use must_not_suspend::{MustNotSuspend, must_not_suspend};
pub use must_suspend::{MustSuspend, must_suspend};
pub use no_leaked_tasks::{NoLeakedTasks, no_leaked_tasks};
