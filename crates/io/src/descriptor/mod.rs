//! Waiting for descriptors: where a descriptor is registered, and the leaf that tries an operation
//! on it.
//!
//! A *descriptor* is the number by which the kernel identifies an open socket, pipe or file.

mod leaf;
mod source;
mod operation;
mod buffer;
mod ready;

pub use leaf::Leaf;
pub use ready::{Ready, ReadyOwned, ready, ready_owned};

pub(crate) use buffer::{Borrowed, Buffer, NO_BUFFER, Owned};
pub(crate) use operation::Operation;
pub(crate) use source::{Source, Tried};
