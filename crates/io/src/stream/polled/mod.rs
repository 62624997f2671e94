//! [`Polled`]: a stream with `poll` functions, for crates that are written for futures.

mod alarm;

use std::{
    io::{self, IoSlice},
    task::{self, Poll},
};

use quadrivium_core::{Interest, Step, Wait};

use self::alarm::Alarm;
use super::{
    attempts::{AttemptRead, AttemptWrite, Attempts},
    copy::end_writing,
};

/// A stream that is read and written by `poll` functions, as crates for futures expect it.
///
/// A leaf stops waiting when it is dropped. `Polled` differs: a `poll` that is pending leaves its
/// waker with the stream until the next poll, one waker for each direction. So a foreign combinator
/// can poll it together with other futures. One task can poll it for reading while another polls it
/// for writing.
///
/// With the feature `futures-io` it implements `AsyncRead` and `AsyncWrite` of the crate
/// `futures-io`. With the feature `tokio-io` it implements the traits of the same names of `tokio`;
/// nothing else of tokio is used. With the feature `hyper` the facade has `hyper::Io`, a wrapper
/// around it. An example without these features:
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
/// The `poll` functions panic when no host drives this thread.
#[derive(Debug)]
pub struct Polled<S: Attempts> {
    /// `None` only after `into_inner` has taken it out.
    stream: Option<S>,
    reading: S::Place,
    writing: S::Place,
    /// Wakes the reading and the writing task at a deadline.
    alarms: [Option<Alarm>; 2],
}

impl<S: Attempts> Polled<S> {
    /// Wraps a stream. A clone of the stream can still be used by itself.
    ///
    /// A report shows the line of this call as the line where a poll waits.
    #[track_caller]
    pub fn new(stream: S) -> Self {
        // Not the default of a pair, because then a line of std would count.
        let (reading, writing) = (S::Place::default(), S::Place::default());
        Self { stream: Some(stream), reading, writing, alarms: [None, None] }
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &S {
        self.stream.as_ref().expect(TAKEN_OUT)
    }

    /// Stops waiting in both directions, and returns the stream, so that its leaves can be
    /// performed again. A poll that was pending has read or written nothing.
    pub fn into_inner(mut self) -> S {
        self.leave();
        self.stream.take().expect(TAKEN_OUT)
    }

    fn leave(&mut self) {
        if let Some(stream) = &self.stream {
            stream.leave(Interest::Readable, &mut self.reading);
            stream.leave(Interest::Writable, &mut self.writing);
        }
        self.alarms = [None, None];
    }
}

const TAKEN_OUT: &str = "only `into_inner` takes the stream out";

impl<S: AttemptRead> Polled<S> {
    /// Reads up to as many bytes as `buffer` has room for, and returns the number. Returns 0 at the
    /// end.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TcpStream::read`](crate::net::TcpStream::read).
    pub fn poll_read(
        &mut self,
        cx: &mut task::Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.stream.as_ref().expect(TAKEN_OUT);
        let step = stream.attempt_read(&mut self.reading, &(&*cx).into(), buffer);
        polled(step, cx, &mut self.alarms[0])
    }
}

impl<S: AttemptWrite> Polled<S> {
    /// Writes some of these bytes and returns the number.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TcpStream::write`](crate::net::TcpStream::write).
    pub fn poll_write(
        &mut self,
        cx: &mut task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    /// Writes some of the bytes of several slices and returns the number.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`TcpStream::write_vectored`](crate::net::TcpStream::write_vectored).
    pub fn poll_write_vectored(
        &mut self,
        cx: &mut task::Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.stream.as_ref().expect(TAKEN_OUT);
        let step = stream.attempt_write(&mut self.writing, &(&*cx).into(), slices);
        polled(step, cx, &mut self.alarms[1])
    }

    /// Tells the other end that nothing more will be written. Does nothing if the connection has
    /// already ended. A pipe ends only when its writer is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn end_writing(&mut self) -> io::Result<()> {
        let stream = self.stream.as_ref().expect(TAKEN_OUT);
        stream.leave(Interest::Writable, &mut self.writing);
        end_writing(stream)
    }
}

fn polled<T>(step: Step<T>, cx: &task::Context<'_>, alarm: &mut Option<Alarm>) -> Poll<T> {
    match step {
        Step::Done(output) => {
            *alarm = None;
            return Poll::Ready(output);
        }
        // The stream keeps the waker. The wait that a leaf returns would be valid for this poll
        // only. A future that is polled for another reason need not poll this stream again. So
        // before the host reports a deadlock, it checks whether any task still waits for one of its
        // descriptors.
        Step::Suspended(Wait::Ready | Wait::Wake) => {}
        Step::Suspended(Wait::Turn) => cx.waker().wake_by_ref(),
        Step::Suspended(Wait::Until(deadline)) => *alarm = Some(Alarm::new(deadline, cx.waker())),
    }
    Poll::Pending
}

impl<S: Attempts> Drop for Polled<S> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(feature = "tokio-io")]
mod tokio_io {
    use std::{pin::Pin, task::ready};

    use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::*;

    impl<S: AttemptRead + Unpin> AsyncRead for Polled<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut task::Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let n = ready!(Polled::poll_read(&mut self, cx, buffer.initialize_unfilled()))?;
            buffer.advance(n);
            Poll::Ready(Ok(()))
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

        fn is_write_vectored(&self) -> bool {
            true
        }

        /// Does nothing: `Polled` has no buffer that could be flushed.
        fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            mut self: Pin<&mut Self>,
            _: &mut task::Context<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Ready(self.end_writing())
        }
    }
}

#[cfg(feature = "futures-io")]
mod futures_io {
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

        /// Does nothing: `Polled` has no buffer that could be flushed.
        fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(self.end_writing())
        }
    }
}
