//! [`must_suspend`]: a check that a task suspends at least once.

use std::{fmt, panic::Location, pin::Pin};

use quadrivium_core::{Context, Step, Task};

/// Checks that a task suspends at least once, so that other tasks can run.
///
/// ```
/// use quadrivium::{prelude::*, test::must_suspend};
///
/// let polite = must_suspend(future(async { turn().await }));
/// EventLoop::with_virtual_clock()?.block_on(polite)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// The check panics when the task in it is done and has never suspended.
#[track_caller]
pub fn must_suspend<T: Task>(task: T) -> MustSuspend<T> {
    MustSuspend { task: Box::pin(task), has_suspended: false, checked_at: Location::caller() }
}

/// A task that suspends at least once. Made by [`must_suspend`].
#[must_use = "a task is lazy: perform it"]
pub struct MustSuspend<T> {
    task: Pin<Box<T>>,
    has_suspended: bool,
    checked_at: &'static Location<'static>,
}

impl<T: Task> Task for MustSuspend<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let step = self.task.as_mut().resume(cx);
        match &step {
            Step::Suspended(_) => self.has_suspended = true,
            Step::Done(_) => assert!(
                self.has_suspended,
                "must_suspend at {}: the task was done and never suspended, so no other task could \
                 run; perform turn() in it, or a leaf that waits",
                self.checked_at
            ),
        }
        step
    }
}

impl<T> fmt::Debug for MustSuspend<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MustSuspend").field("has_suspended", &self.has_suspended).finish()
    }
}
