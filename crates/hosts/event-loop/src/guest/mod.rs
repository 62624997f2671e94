//! A loop inside another executor, and one task there as a future.

pub(crate) mod guest_loop;
pub(crate) mod executor;
pub(crate) mod task_future;
