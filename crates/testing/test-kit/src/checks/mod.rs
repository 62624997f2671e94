//! Checks around code: tasks around tasks, for every style, in a simulation or outside.
//!
//! Each is worth what the task in it is worth, and panics when that does not behave. The panic is
//! one of the task that performs it, as if its body had panicked there.

mod max_step;
mod must_not_suspend;
mod must_suspend;
mod no_leaked_tasks;

pub use max_step::{MaxStep, max_step};
pub use must_not_suspend::{MustNotSuspend, must_not_suspend};
pub use must_suspend::{MustSuspend, must_suspend};
pub use no_leaked_tasks::{NoLeakedTasks, no_leaked_tasks};
