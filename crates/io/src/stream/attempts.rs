//! Single attempts on a stream, each with a place in line that outlives it: what
//! [`Polled`](crate::Polled) is made of. [`read_methods`](super::read::read_methods) and
//! [`write_methods`](super::write::write_methods) implement them.

use std::io::{self, IoSlice};

use quadrivium_core::{Context, Interest, QueuePlace, Step};

/// A descriptor that is waited for in a place of the caller's own.
pub trait Attempts {
    /// Waits no more in this direction.
    fn leave(&self, interest: Interest, place: &mut QueuePlace);
}

/// What can be read, an attempt at a time.
pub trait AttemptRead: Attempts {
    /// Tries to read; leaves the waker in the place where it would block.
    fn attempt_read(
        &self,
        place: &mut QueuePlace,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>>;
}

/// What can be written, an attempt at a time.
pub trait AttemptWrite: Attempts {
    /// Tries to write; leaves the waker in the place where it would block.
    fn attempt_write(
        &self,
        place: &mut QueuePlace,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>>;

    /// Tells the other end that nothing more is written, where that can be told before the stream
    /// is dropped.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    fn end_writing(&self) -> io::Result<()>;
}
