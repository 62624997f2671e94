//! [`Executor`]: what a loop inside another executor needs from that executor.

use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll},
    time::Instant,
};

/// The timer and the reactor that a [`GuestLoop`](crate::GuestLoop) needs from the executor around
/// it. It is implemented once for each executor.
pub trait Executor: Unpin {
    /// Returns the time on the executor's clock.
    fn now() -> Instant
    where
        Self: Sized;

    /// Returns `Ready` once `deadline` has come. Before that, it arranges that the task of `cx` is
    /// woken then. Only the deadline of the last call counts.
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;

    /// Watches this descriptor from now on. The loop calls it once.
    ///
    /// # Errors
    ///
    /// Fails when the executor cannot watch the descriptor.
    fn watch(&mut self, fd: OwnedFd) -> io::Result<()>;

    /// Returns `Ready` if the watched descriptor may have become readable since the last `Ready`.
    /// Otherwise it arranges that the task of `cx` is woken then.
    ///
    /// # Errors
    ///
    /// Fails when the executor's reactor is gone.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
