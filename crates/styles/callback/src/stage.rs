//! [`Stage`]: a callback task between two callbacks.

use std::{any::Any, pin::Pin};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

/// A sub-task, and what to call with its output and with `C`, the handle to the task around it.
pub(crate) trait Stage<C> {
    /// Resumes the sub-task; when it is done, calls what comes then and returns nothing.
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>, cb: &mut C) -> Option<Wait>;

    /// Makes a new stage in the place of one that has run. False when `parts` is not the
    /// `Option<(task, then)>` of a stage of this type, or the stage has not run yet.
    fn refill(self: Pin<&mut Self>, parts: &mut dyn Any) -> bool;
}

pin_project! {
    /// The one kind of stage: a task, and what to call then.
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
                // As in the other styles, the sub-task is dropped before its output is used.
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
