//! The state of a descriptor that reactors and operations share: whether it may be ready, and which
//! tasks wait for it.

mod readiness;
mod short_reads;

pub use readiness::{Edge, Interest, Readiness};
