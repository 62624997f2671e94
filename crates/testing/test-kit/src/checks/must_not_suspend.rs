//! [`must_not_suspend`]: a check that a task never suspends.

use std::{panic::Location, pin::Pin};

use quadrivium_core::{Context, Step, Task};

/// Checks that a task never suspends, so that nothing else runs in its middle.
///
/// An operation that need not wait does suspend when its task has done 64 operations in one step
/// (see [`fairness`](quadrivium_core::fairness)). A function whose name begins with `try_` never
/// suspends.
///
/// ```
/// use quadrivium::{prelude::*, sync::channel, test::must_not_suspend};
///
/// let (sender, _receiver) = channel::unbounded();
/// let at_once = must_not_suspend(future(async move { sender.try_send(1) }));
/// EventLoop::with_virtual_clock()?.block_on(at_once)??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// The check panics when the task in it suspends.
#[track_caller]
pub fn must_not_suspend<T: Task>(task: T) -> MustNotSuspend<T> {
    MustNotSuspend { task: Box::pin(task), checked_at: Location::caller() }
}

/// A task that never suspends. Made by [`must_not_suspend`].
#[must_use = "a task is lazy: perform it"]
pub struct MustNotSuspend<T> {
    task: Pin<Box<T>>,
    checked_at: &'static Location<'static>,
}

impl<T: Task> Task for MustNotSuspend<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let step = self.task.as_mut().resume(cx);
        assert!(
            matches!(step, Step::Done(_)),
            "must_not_suspend at {}: the task suspended, so other tasks may run in its middle; use \
             operations that do not wait (try_recv, try_send), or remove the check",
            self.checked_at
        );
        step
    }
}
