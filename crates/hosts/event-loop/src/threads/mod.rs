//! Loops and threads: tasks that come from other threads, and a loop on each of several threads.

pub(crate) mod spawner;
pub(crate) mod stopper;
pub(crate) mod cluster;
pub(crate) mod inspector;
pub(crate) mod inspect_error;
pub(crate) mod last_snapshot;
pub(crate) mod loop_record;
pub(crate) mod remote_loop;
pub(crate) mod handle_counter;
