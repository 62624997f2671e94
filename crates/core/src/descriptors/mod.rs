//! What reactors and operations know of a descriptor: whether it may be ready, and who waits for
//! it.

mod readiness;
mod short_reads;

pub use readiness::{Edge, Interest, Readiness};
