//! [`Stage`]: the sub-task that a callback task performs, and the callback to call with its output.

use std::{any::Any, pin::Pin};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

/// A sub-task and the callback that follows it. The callback receives the output of the sub-task,
/// and `C`, the handle to the callback task.
pub(crate) trait Stage<C> {
    /// Resumes the sub-task and returns its wait. When the sub-task is done, calls the callback and
    /// returns `None`.
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>, cb: &mut C) -> Option<Wait>;

    /// Makes a new stage in the place of this one, which has run. Takes `parts`, an
    /// `Option<(task, then)>`, and returns true. Returns false if `parts` is of another type, or is
    /// `None`.
    fn refill(self: Pin<&mut Self>, parts: &mut dyn Any) -> bool;
}

pin_project! {
    /// The only implementation of [`Stage`]: a sub-task, and the callback to call with its output.
    pub(crate) struct TaskThen<P, F> {
        #[pin]
        task: Option<P>,
        then: Option<F>,
    }
}

impl<P, F> TaskThen<P, F> {
    pub(crate) fn new((task, then): (P, F)) -> Self {
        Self { task: Some(task), then: Some(then) }
    }
}

impl<C, P, F> Stage<C> for TaskThen<P, F>
where
    P: Task + 'static,
    F: FnOnce(&mut C, P::Output) + 'static,
{
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>, cb: &mut C) -> Option<Wait> {
        let mut this = self.project();
        let task = this.task.as_mut().as_pin_mut().expect("a stage runs once");
        match task.resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(output) => {
                // The sub-task is dropped before its output is used, as in the other styles.
                this.task.set(None);
                let then = this.then.take().expect("a stage runs once");
                then(cb, output);
                None
            }
        }
    }

    fn refill(self: Pin<&mut Self>, parts: &mut dyn Any) -> bool {
        let mut this = self.project();
        let parts = parts.downcast_mut::<Option<(P, F)>>();
        let Some((task, then)) = parts.and_then(Option::take) else { return false };
        this.task.set(Some(task));
        *this.then = Some(then);
        true
    }
}
