//! [`RemoteChild`]: a child that runs elsewhere, on another thread.

use std::pin::Pin;

use super::{leaves::Cancelled, shared_scope::SharedScope};
use crate::{Context, Step, Task, remote_task::RemoteHandle};

/// Waits for a task that runs elsewhere. When the scope is cancelled, it cancels that task, and
/// then still waits for its end.
pub(super) struct RemoteChild<T, E> {
    handle: RemoteHandle<Result<T, E>>,
    /// `None` after the cancel.
    cancelled: Option<Cancelled<T, E>>,
}

impl<T, E> RemoteChild<T, E> {
    pub(super) fn new(handle: RemoteHandle<Result<T, E>>, scope: SharedScope<T, E>) -> Self {
        Self { handle, cancelled: Some(Cancelled::new(scope)) }
    }
}

impl<T, E> Task for RemoteChild<T, E> {
    type Output = <RemoteHandle<Result<T, E>> as Task>::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let wait = match Pin::new(&mut self.handle).resume(cx) {
            Step::Suspended(wait) => wait,
            Step::Done(ended) => return Step::Done(ended),
        };
        let Some(cancelled) = &mut self.cancelled else { return Step::Suspended(wait) };
        match Pin::new(cancelled).resume(cx) {
            Step::Suspended(other) => Step::Suspended(wait.or(other)),
            Step::Done(_) => {
                self.cancelled = None;
                self.handle.cancel();
                Step::Suspended(wait)
            }
        }
    }
}

impl<T, E> Drop for RemoteChild<T, E> {
    fn drop(&mut self) {
        self.handle.cancel();
    }
}
