//! The time of tasks on may: the clock, and the deadlines that are armed.

pub(crate) mod deadlines;
pub(crate) mod clock;
