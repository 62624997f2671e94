//! [`Callback`]: what the body of a callback task is handed.

use std::{any::Any, fmt, pin::Pin};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

use crate::{
    task::BoxStage,
    threads::{OneThread, Threads},
};

/// The handle to the running callback task, as every callback of it gets it.
///
/// A callback calls exactly one of [`perform`](Callback::perform) and [`done`](Callback::done),
/// exactly once.
///
/// `Callback<T>` is that of a task that stays on its thread; [`send`](crate::send) has the other.
pub struct Callback<T, K: Threads = OneThread> {
    pub(crate) stage: Option<BoxStage<T, K>>,
    /// The stage before, which has run: a stage of the same type is made in its place. So a loop of
    /// callbacks allocates for its first two rounds and never again.
    pub(crate) spare: Option<BoxStage<T, K>>,
    pub(crate) output: Option<T>,
}

impl<T> Callback<T> {
    /// Runs a task of any style to its end, suspending whenever it does, and then calls `then` with
    /// its output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + 'static,
    {
        self.go_on_with(task, then, |stage| Box::pin(stage));
    }
}

impl<T, K: Threads> Callback<T, K> {
    pub(crate) fn new() -> Self {
        Self { stage: None, spare: None, output: None }
    }

    /// Makes the next stage. `boxed` forgets its type: only who knows that can tell whether it may
    /// go to another thread.
    pub(crate) fn go_on_with<P, F>(
        &mut self,
        task: P,
        then: F,
        boxed: impl FnOnce(Performing<P, F>) -> BoxStage<T, K>,
    ) where
        P: 'static,
        F: 'static,
    {
        self.check_unused();
        let mut parts = Some((task, then));
        let mut stage = self.spare.take();
        if !stage.as_mut().is_some_and(|spare| spare.as_mut().refill(&mut parts)) {
            let new = |(task, then)| boxed(Performing { task: Some(task), then: Some(then) });
            stage = parts.map(new);
        }
        self.stage = stage;
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        self.check_unused();
        self.output = Some(output);
    }

    fn check_unused(&self) {
        assert!(
            self.stage.is_none() && self.output.is_none(),
            "a callback calls `perform` or `done` once: chain the second call inside the first"
        );
    }

    /// What must be true after a callback has returned.
    pub(crate) fn check(&self) {
        assert!(
            self.stage.is_some() || self.output.is_some(),
            "a callback returned without `perform` or `done`, so its task could never go on"
        );
    }
}

impl<T, K: Threads> fmt::Debug for Callback<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}

/// A sub-task and what to call with its output.
pub trait Stage<T, K: Threads> {
    /// Resumes the sub-task; when it is done, calls what comes then and returns nothing.
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>, cb: &mut Callback<T, K>) -> Option<Wait>;

    /// Makes a new stage in the place of one that has run. False when `parts` is not the
    /// `Option<(task, then)>` of a stage of this type, or the stage has not run yet.
    fn refill(self: Pin<&mut Self>, parts: &mut dyn Any) -> bool;
}

pin_project! {
    pub(crate) struct Performing<P, F> {
        #[pin]
        task: Option<P>,
        then: Option<F>,
    }
}

impl<T, K, P, F> Stage<T, K> for Performing<P, F>
where
    K: Threads,
    P: Task + 'static,
    F: FnOnce(&mut Callback<T, K>, P::Output) + 'static,
{
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>, cb: &mut Callback<T, K>) -> Option<Wait> {
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
