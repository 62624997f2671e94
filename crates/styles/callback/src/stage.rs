//! [`Stage`]: the sub-task that a callback task performs, and the callback to call with its output.
//!
//! The type of a stage depends on its callback, so a stage is in a box. The handle to the task owns
//! the box. When the stage has run, its box is empty, and the next `perform` fills it again:
//!
//! ```text
//!   perform ──1──► full ──2──► resume ──4──► empty, and the callback runs ──► perform
//!                   ▲            │                                               │
//!                   ├────3───────┘                                               │
//!                   └────5───────────────────────────────────────────────────────┘
//! ```
//! 1. A new box.
//! 2. `CallbackTask::resume` takes the box out of the handle.
//! 3. The sub-task suspends. `keep` puts the box back.
//! 4. The sub-task is done. `keep` puts the empty box back.
//! 5. `refill`, if the new stage has the same type. If not, the old box is dropped (1).

use std::{any::Any, pin::Pin};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

/// A sub-task and the callback that follows it. The callback receives the output of the sub-task,
/// and `C`, the handle to the callback task.
pub(crate) trait Stage<C> {
    /// Resumes the sub-task. If it suspends, puts this stage back into the handle and returns the
    /// wait. If it is done, leaves the empty box in the handle, calls the callback and returns
    /// `None`.
    fn resume(self: Pin<Box<Self>>, cx: &mut Context<'_>, cb: &mut C) -> Option<Wait>;

    /// Makes a new stage in this empty box. Takes `parts`, an `Option<(task, then)>`, and returns
    /// true. Returns false if `parts` is of another type.
    fn refill(self: Pin<&mut Self>, parts: &mut dyn Any) -> bool;
}

/// A handle that keeps stages of the type `S`. The handles of the plain style and of `Send` tasks
/// keep them in different types of box.
pub(crate) trait KeepStage<S> {
    /// Puts the box of a stage back. The stage is suspended, or has run.
    fn keep(&mut self, stage: Pin<Box<S>>, is_suspended: bool);
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
    C: KeepStage<Self>,
    P: Task + 'static,
    F: FnOnce(&mut C, P::Output) + 'static,
{
    fn resume(mut self: Pin<Box<Self>>, cx: &mut Context<'_>, cb: &mut C) -> Option<Wait> {
        let mut this = self.as_mut().project();
        let task = this.task.as_mut().as_pin_mut().expect("a stage runs once");
        let output = match task.resume(cx) {
            Step::Suspended(wait) => {
                cb.keep(self, true);
                return Some(wait);
            }
            Step::Done(output) => output,
        };
        // The sub-task is dropped before its output is used, as in the other styles.
        this.task.set(None);
        let then = this.then.take().expect("a stage runs once");
        cb.keep(self, false);
        then(cb, output);
        None
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
