//! [`Executor`]: what a guest asks of the executor around it.

use std::{
    io,
    os::fd::OwnedFd,
    task::{Context, Poll},
    time::Instant,
};

/// What a [`GuestLoop`](crate::GuestLoop) asks of the executor around it: implemented once for each
/// executor.
pub trait Executor: Unpin {
    /// The time on the executor's clock.
    fn now() -> Instant
    where
        Self: Sized;

    /// Ready once it is `deadline`; until then the task of `cx` is woken when it is. Only the
    /// deadline of the last call counts.
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()>;

    /// Watches this descriptor from now on. Called once.
    ///
    /// # Errors
    ///
    /// When the executor cannot.
    fn watch(&mut self, fd: OwnedFd) -> io::Result<()>;

    /// Ready when the watched descriptor may have become readable since it was ready last; until
    /// then the task of `cx` is woken when it is.
    ///
    /// # Errors
    ///
    /// When the executor's reactor is gone.
    fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}
