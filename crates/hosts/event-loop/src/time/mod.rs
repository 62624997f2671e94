//! The time of a loop, and the deadlines of its tasks.

pub(crate) mod task_timers;
mod timer_bucket;
pub(crate) mod clock;
