//! Descriptors: the place that waits for one, and the leaf that tries something on it.

mod leaf;
mod source;
mod operation;
mod buffer;
mod ready;

pub use leaf::Leaf;
pub use ready::{Ready, ready};

pub(crate) use buffer::{Borrowed, Buffer, NO_BUFFER, Owned};
pub(crate) use operation::Operation;
pub(crate) use source::{Source, Tried};
