//! [`FutureTask`]: a future as a task.

use std::{fmt, future::Future, pin::Pin};

use pin_project_lite::pin_project;
use quadrivium_core::{
    Context, JoinHandle, PerformWaits, RESUMED_AFTER_DONE, Step, Task, inspect::Style,
};

/// A task whose body is a future. Runs nothing until it is first resumed.
pub fn future<F: Future>(body: F) -> FutureTask<F> {
    FutureTask { body: Some(body), waits: PerformWaits::default() }
}

/// Hands a [`future`] task to the host that drives this thread.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn<F>(body: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    quadrivium_core::spawn(future(body))
}

pin_project! {
    /// A task whose body is a future. Made by [`future`].
    #[must_use = "a task is lazy: spawn or perform it"]
    pub struct FutureTask<F> {
        #[pin]
        body: Option<F>,
        waits: PerformWaits,
    }
}

impl<F: Future> Task for FutureTask<F> {
    type Output = F::Output;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<F::Output> {
        let mut this = self.project();
        let body = this.body.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE);
        let step = this.waits.poll(body, cx);
        if let Step::Done(_) = step {
            this.body.set(None);
        }
        step
    }

    fn style(&self) -> Style {
        Style::Future
    }
}

impl<F> fmt::Debug for FutureTask<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureTask").finish_non_exhaustive()
    }
}
