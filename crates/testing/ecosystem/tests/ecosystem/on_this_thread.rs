//! [`OnThisThread`]: marks a stream as `Send`, for crates that ask for it. Everything stays on the
//! thread of the loop, and the wrapper checks that.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use send_wrapper::SendWrapper;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that panics when it is used on another thread.
pub struct OnThisThread<S>(SendWrapper<S>);

impl<S> OnThisThread<S> {
    pub fn new(stream: S) -> Self {
        Self(SendWrapper::new(stream))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for OnThisThread<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for OnThisThread<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}
