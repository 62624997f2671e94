//! [`Polled`]: a stream that is read and written by `poll` functions, for crates written for
//! futures.

use std::{
    io::{self, IoSlice},
    task::{self, Poll},
};

use quadrivium_core::{Interest, QueuePlace, Step, Wait};

use super::attempts::{AttemptRead, AttemptWrite, Attempts};

/// A stream as crates for futures want it: read and written by `poll` functions.
///
/// A leaf that is dropped waits no more. Here a `poll` that is pending leaves its waker with the
/// stream, one for each direction, until it is polled again: so it may be polled by a foreign
/// combinator, together with others, and from one task for reading and from another for writing.
///
/// With the feature `futures-io` it has the traits of the crate of that name, and with `hyper` the
/// facade has `hyper::Io` around it. By hand:
///
/// ```
/// use quadrivium::{io::Polled, net::UnixStream, prelude::*};
/// use std::future::poll_fn;
///
/// let (one, other) = UnixStream::pair()?;
/// let (mut one, mut other) = (Polled::new(one), Polled::new(other));
/// let echo = future(async move {
///     poll_fn(|cx| one.poll_write(cx, b"hello")).await?;
///     let mut buffer = [0; 9];
///     poll_fn(|cx| other.poll_read(cx, &mut buffer)).await
/// });
/// assert_eq!(EventLoop::new()?.block_on(echo)??, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// Its `poll` functions panic when no host drives this thread.
#[derive(Debug)]
pub struct Polled<S: Attempts> {
    stream: S,
    reading: QueuePlace,
    writing: QueuePlace,
}

impl<S: Attempts> Polled<S> {
    /// This stream, to be polled. A clone of it may be used besides.
    pub fn new(stream: S) -> Self {
        Self { stream, reading: QueuePlace::default(), writing: QueuePlace::default() }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AttemptRead> Polled<S> {
    /// Reads up to as many bytes as `buffer` has; 0 at the end.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::read`](crate::net::TcpStream::read).
    pub fn poll_read(
        &mut self,
        cx: &mut task::Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let step = self.stream.attempt_read(&mut self.reading, &(&*cx).into(), buffer);
        polled(step, cx)
    }
}

impl<S: AttemptWrite> Polled<S> {
    /// Writes some of these bytes; how many.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write`](crate::net::TcpStream::write).
    pub fn poll_write(
        &mut self,
        cx: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    /// Writes some of the bytes of several slices; how many.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::write_vectored`](crate::net::TcpStream::write_vectored).
    pub fn poll_write_vectored(
        &mut self,
        cx: &mut task::Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let step = self.stream.attempt_write(&mut self.writing, &(&*cx).into(), slices);
        polled(step, cx)
    }

    /// Tells the other end that nothing more is written. Harmless when that is gone already. A pipe
    /// ends when it is dropped.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.stream.leave(Interest::Writable, &mut self.writing);
        match self.stream.end_writing() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        }
    }
}

fn polled<T>(step: Step<T>, cx: &task::Context<'_>) -> Poll<T> {
    match step {
        Step::Done(output) => return Poll::Ready(output),
        // The waker is with the source. The wait of a leaf would count for this poll only, and a
        // future that is polled for another reason need not poll us again; so the host asks its
        // sources who waits for them before it finds a deadlock.
        Step::Suspended(Wait::Ready | Wait::Wake) => {}
        Step::Suspended(Wait::Turn | Wait::Until(_)) => cx.waker().wake_by_ref(),
    }
    Poll::Pending
}

impl<S: Attempts> Drop for Polled<S> {
    fn drop(&mut self) {
        self.stream.leave(Interest::Readable, &mut self.reading);
        self.stream.leave(Interest::Writable, &mut self.writing);
    }
}

#[cfg(feature = "futures-io")]
mod traits {
    use std::pin::Pin;

    use ::futures_io::{AsyncRead, AsyncWrite};

    use super::*;

    impl<S: AttemptRead + Unpin> AsyncRead for Polled<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut task::Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Polled::poll_read(&mut self, cx, buffer)
        }
    }

    impl<S: AttemptWrite + Unpin> AsyncWrite for Polled<S> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut task::Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Polled::poll_write(&mut self, cx, bytes)
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut task::Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Polled::poll_write_vectored(&mut self, cx, slices)
        }

        /// Nothing is kept back, so there is nothing to do.
        fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(self.shutdown())
        }
    }
}
