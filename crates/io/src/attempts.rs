//! Single attempts on a stream, each with a place in line that outlives it: what
//! [`Polled`](crate::Polled) is made of.

use std::io::{self, IoSlice};

use quadrivium_core::{Context, Interest, Step, Ticket};

/// A descriptor that is waited for in a place of the caller's own.
pub trait Attempts {
    /// Waits no more in this direction.
    fn leave(&self, interest: Interest, ticket: &mut Ticket);
}

/// What can be read, an attempt at a time.
pub trait AttemptRead: Attempts {
    /// Tries to read; leaves the waker in the place where it would block.
    fn attempt_read(
        &self,
        ticket: &mut Ticket,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Step<io::Result<usize>>;
}

/// What can be written, an attempt at a time.
pub trait AttemptWrite: Attempts {
    /// Tries to write; leaves the waker in the place where it would block.
    fn attempt_write(
        &self,
        ticket: &mut Ticket,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>>;

    /// Tells the other end that nothing more is written, where that can be told before the stream is
    /// dropped.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    fn end_writing(&self) -> io::Result<()>;
}

/// For streams whose descriptor is `self.source`.
macro_rules! attempts {
    ($($stream:ty),*) => { $(
        impl $crate::Attempts for $stream {
            fn leave(&self, interest: quadrivium_core::Interest, ticket: &mut Ticket) {
                self.source.leave(interest, ticket);
            }
        }
    )* };
}
pub(crate) use attempts;

macro_rules! attempt_read {
    ($stream:ty) => {
        impl $crate::AttemptRead for $stream {
            fn attempt_read(
                &self,
                ticket: &mut Ticket,
                cx: &Context<'_>,
                buffer: &mut [u8],
            ) -> Step<io::Result<usize>> {
                self.source.attempt(Interest::Readable, buffer.is_empty(), ticket, cx, |stream| {
                    let n = Stream::read(stream, buffer)?;
                    Ok($crate::stream::read_some(n, buffer.len()))
                })
            }
        }
    };
}
pub(crate) use attempt_read;

macro_rules! attempt_write {
    ($stream:ty, $end_writing:expr) => {
        impl $crate::AttemptWrite for $stream {
            fn attempt_write(
                &self,
                ticket: &mut Ticket,
                cx: &Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> Step<io::Result<usize>> {
                let no_bytes = $crate::stream::first_with_bytes(slices).is_none();
                self.source.attempt(Interest::Writable, no_bytes, ticket, cx, |stream| {
                    Stream::write_vectored(stream, slices).map(Tried::Done)
                })
            }

            fn end_writing(&self) -> io::Result<()> {
                let end: fn(&$stream) -> io::Result<()> = $end_writing;
                end(self)
            }
        }
    };
}
pub(crate) use attempt_write;
