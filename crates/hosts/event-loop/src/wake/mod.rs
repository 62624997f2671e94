//! How a wake finds its loop: on the loop's own thread, or from any other through a mailbox.
//!
//! What the loop does then is in `turn/wake.rs`.

pub(crate) mod integer_waker;
pub(crate) mod active_loop;
pub(crate) mod mailbox;
pub(crate) mod mailbox_table;
pub(crate) mod unparker;
mod sync;
