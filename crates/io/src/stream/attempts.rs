//! Traits for single attempts to read or write a stream. [`Polled`](crate::Polled) and
//! [`BufReader`](crate::BufReader) are built on them.
//!
//! An attempt that would block leaves its waker in a place in the stream's waiting queue. The
//! caller owns that place, so the waker stays registered after the attempt has returned. A place
//! may contain more, such as the time since when the caller waits.
//! [`read_methods`](super::read::read_methods) and [`write_methods`](super::write::write_methods)
//! implement these traits.

use std::{
    fmt,
    io::{self, IoSlice},
};

use quadrivium_core::{Context, Interest, Step};

use crate::fs::File;

/// A descriptor that a task can wait for, with a place in the waiting queue that the caller owns.
pub trait Attempts {
    /// The state of a caller that waits: for a socket or a pipe, its place in the waiting queue.
    type Place: Default + fmt::Debug + Unpin;

    /// Stops waiting in this direction: the waker in `place` is removed from the queue.
    fn leave(&self, interest: Interest, place: &mut Self::Place);
}

/// A stream that can be read one attempt at a time.
pub trait AttemptRead: Attempts {
    /// Tries to read. If that would block, leaves the waker in `place` and suspends.
    fn attempt_read(
        &self,
        place: &mut Self::Place,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>>;
}

/// A stream that can be written one attempt at a time.
pub trait AttemptWrite: Attempts {
    /// Tries to write. If that would block, leaves the waker in `place` and suspends.
    fn attempt_write(
        &self,
        place: &mut Self::Place,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>>;

    /// Tries to let the kernel send up to `most` bytes of a file, from this offset on. Returns the
    /// number of bytes, which is 0 at the end of the file. Returns `None` if the kernel cannot send
    /// this file to this stream, as this default does. Then the caller reads and writes the bytes.
    fn attempt_send_file(
        &self,
        place: &mut Self::Place,
        cx: &Context<'_>,
        file: &File,
        offset: u64,
        most: usize,
    ) -> Step<io::Result<Option<usize>>> {
        let _ = (place, cx, file, offset, most);
        Step::Done(Ok(None))
    }

    /// Tells the other end that nothing more will be written, if the protocol can express that
    /// before the stream is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    fn end_writing(&self) -> io::Result<()>;
}
