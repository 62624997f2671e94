//! [`Callback`]: the handle by which the body of a callback task performs other tasks and ends.

use std::{fmt, pin::Pin};

use quadrivium_core::Task;

use crate::stage::{KeepStage, Stage, TaskThen};

/// The handle to the running callback task. Every callback of the task receives it.
///
/// A callback calls either [`perform`](Callback::perform) or [`done`](Callback::done), once.
pub struct Callback<T> {
    pub(crate) next: NextMove<BoxStage<T>, T>,
}

pub(crate) type BoxStage<T> = Pin<Box<dyn Stage<Callback<T>>>>;

/// What a callback task does next. `B` is a boxed stage.
pub(crate) enum NextMove<B, T> {
    /// If the box is full: to resume the stage in it. If not, the callback that is running has
    /// called neither `perform` nor `done`. A new stage of the same type as the last one is made in
    /// the empty box. So a loop of callbacks allocates only in its first round.
    ///
    /// These are two fields and not two variants, because they change one after the other. A value
    /// that is written in parts and then read as a whole stalls the processor.
    Stage { boxed: Option<B>, is_full: bool },
    /// To end with this output, which is absent after the end.
    Done(Option<T>),
}

impl<B, T> NextMove<B, T> {
    pub(crate) fn new() -> Self {
        Self::Stage { boxed: None, is_full: false }
    }
}

impl<T> Callback<T> {
    pub(crate) fn new() -> Self {
        Self { next: NextMove::new() }
    }

    /// Runs a task of any style to its end, and then calls `then` with its output. Suspends
    /// whenever that task suspends.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + 'static,
    {
        let NextMove::Stage { boxed, is_full: is_full @ false } = &mut self.next else {
            panic!("{CALLED_TWICE}")
        };
        let mut parts = Some((task, then));
        if !boxed.as_mut().is_some_and(|empty| empty.as_mut().refill(&mut parts)) {
            Self::replace_box(boxed, parts);
        }
        *is_full = true;
    }

    /// Makes a stage in a new box. This is a function of its own because a drop of the old box in
    /// `perform` would slow down the usual way, which needs no new box.
    #[cold]
    fn replace_box<P, F>(boxed: &mut Option<BoxStage<T>>, parts: Option<(P, F)>)
    where
        P: Task + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + 'static,
    {
        *boxed = parts.map(|parts| Box::pin(TaskThen::new(parts)) as BoxStage<T>);
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        let NextMove::Stage { is_full: false, .. } = &self.next else { panic!("{CALLED_TWICE}") };
        self.next = NextMove::Done(Some(output));
    }

    /// Panics if a callback has returned without calling `perform` or `done`.
    pub(crate) fn check_called(&self) {
        assert!(!matches!(self.next, NextMove::Stage { is_full: false, .. }), "{CALLED_NEITHER}");
    }
}

impl<P, F, T> KeepStage<TaskThen<P, F>> for Callback<T>
where
    P: Task + 'static,
    F: FnOnce(&mut Callback<T>, P::Output) + 'static,
{
    #[inline]
    fn keep(&mut self, stage: Pin<Box<TaskThen<P, F>>>, is_suspended: bool) {
        let NextMove::Stage { boxed: boxed @ None, is_full } = &mut self.next else {
            unreachable!("the box is absent while its stage is resumed")
        };
        *boxed = Some(stage);
        *is_full = is_suspended;
    }
}

pub(crate) const CALLED_TWICE: &str =
    "a callback calls `perform` or `done` once: chain the second call inside the first";

pub(crate) const CALLED_NEITHER: &str =
    "a callback returned without `perform` or `done`, so its task could never go on";

impl<T> fmt::Debug for Callback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}
