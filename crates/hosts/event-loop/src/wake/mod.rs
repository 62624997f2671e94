//! How a wake reaches its loop: directly on the loop's thread, through a mailbox from any other.
//!
//! `turn/wake.rs` contains what the loop does then.

pub(crate) mod integer_waker;
pub(crate) mod part_wakers;
pub(crate) mod active_loop;
pub(crate) mod mailbox;
pub(crate) mod mailbox_table;
pub(crate) mod unparker;
mod sync;
