//! The parts of a runtime that [hyper](https://docs.rs/hyper) needs: [`Io`], [`Timer`] and
//! [`Executor`]. `hyper-util` uses the same words for its types for Tokio.
//!
//! A server or a client of hyper is a future. So a task of any style can perform it:
//!
//! ```
//! # #[cfg(feature = "hyper")]
//! # mod with_hyper {
//! use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
//! use quadrivium::{hyper::{Io, Timer}, net::TcpListener, prelude::*};
//! use std::{convert::Infallible, io};
//!
//! async fn hello(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
//!     Ok(Response::new("hello".into()))
//! }
//!
//! async fn serve(listener: TcpListener) -> io::Result<()> {
//!     loop {
//!         let (stream, _peer) = listener.accept().await?;
//!         let connection = http1::Builder::new()
//!             .timer(Timer::new())
//!             .serve_connection(Io::new(stream), service_fn(hello));
//!         drop(spawn(future(connection)));
//!     }
//! }
//! # }
//! ```
//!
//! Everything stays on its thread, so services need not be `Send`. When the task of a connection is
//! dropped, the request that it was handling is dropped with it.

use std::{
    future::Future,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use ::hyper::rt::{self, ReadBufCursor};
use quadrivium_core::{Perform, now, sleep, sleep_until, spawn};
use quadrivium_future::future;
use quadrivium_io::{Attempts, Polled};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream with the traits of hyper. [`Io::new`] wraps a stream of Quadrivium. [`Io::over`] wraps
/// any stream with the traits of tokio, such as a TLS stream of `tokio-rustls` over a [`Polled`]:
/// `Io::over(acceptor.accept(Polled::new(stream)).await?)`.
#[derive(Debug)]
pub struct Io<T> {
    stream: T,
}

impl<S: Attempts> Io<Polled<S>> {
    /// Wraps a stream of Quadrivium for hyper.
    ///
    /// A report shows the line of this call as the line where hyper waits.
    #[track_caller]
    pub fn new(stream: S) -> Self {
        Self { stream: Polled::new(stream) }
    }
}

impl<T> Io<T> {
    /// Wraps a stream that has the traits of tokio for hyper.
    pub fn over(stream: T) -> Self {
        Self { stream }
    }

    /// Returns the wrapped stream. For [`new`](Self::new), this is a [`Polled`].
    pub fn get_ref(&self) -> &T {
        &self.stream
    }

    /// Unwraps the stream, for example after an upgrade of the connection.
    pub fn into_inner(self) -> T {
        self.stream
    }
}

/// The size of a read, which is the size of hyper's own first read. To fill hyper's buffer directly
/// takes `unsafe` code, so the bytes are copied into it.
const READ_SIZE: usize = 8 * 1024;

impl<T: AsyncRead + Unpin> rt::Read for Io<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut buffer = [0; READ_SIZE];
        let max = cursor.remaining().min(READ_SIZE);
        let mut buffer = ReadBuf::new(&mut buffer[..max]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        cursor.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> rt::Write for Io<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The host's clock, for the timeouts of hyper. On a virtual clock they take virtual time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl Timer {
    /// Returns the clock of the host that drives the thread.
    pub fn new() -> Self {
        Self
    }
}

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        // It is counted from now and not from the first poll, like the other timers that hyper
        // uses.
        let sleep = now().checked_add(duration).map_or_else(|| sleep(Duration::MAX), sleep_until);
        Box::pin(HyperSleep(Perform::new(sleep)))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(HyperSleep(Perform::new(sleep_until(deadline))))
    }

    fn now(&self) -> Instant {
        now()
    }
}

/// A sleep with the trait of hyper.
#[derive(Debug)]
struct HyperSleep(Perform<quadrivium_core::Sleep>);

impl Future for HyperSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl rt::Sleep for HyperSleep {}

/// Spawns the tasks of hyper itself on the host that drives the thread. HTTP/2 has one for each
/// stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl Executor {
    /// Returns an executor for the host that drives the thread.
    pub fn new() -> Self {
        Self
    }
}

impl<F> rt::Executor<F> for Executor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, body: F) {
        drop(spawn(future(body)));
    }
}
