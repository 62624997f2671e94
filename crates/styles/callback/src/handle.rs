//! [`Callback`]: the handle by which the body of a callback task performs other tasks and ends.

use std::fmt;

use quadrivium_core::Task;

use crate::stage::{OwnsStages, StageBox};

/// The handle to the running callback task. Every callback of the task receives it.
///
/// A callback calls either [`perform`](Callback::perform) or [`done`](Callback::done), once.
pub struct Callback<T> {
    pub(crate) next: NextMove<StageBox<Self>, T>,
}

/// What a callback task does next. `B` is a box of stages.
pub(crate) enum NextMove<B, T> {
    /// To resume the stage in the box. If the box is empty, the callback that is running has called
    /// neither `perform` nor `done`.
    Stage(B),
    /// To end with this output, which is absent after the end.
    Done(Option<T>),
}

impl<T> Callback<T> {
    pub(crate) fn new() -> Self {
        Self { next: NextMove::Stage(StageBox::new()) }
    }

    /// Runs a task of any style to its end, and then calls `then` with its output. Suspends
    /// whenever that task suspends.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    #[track_caller]
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + 'static,
    {
        self.empty_box().put(task, then);
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        self.empty_box();
        self.next = NextMove::Done(Some(output));
    }

    fn empty_box(&mut self) -> &mut StageBox<Self> {
        match &mut self.next {
            NextMove::Stage(stages) if !stages.is_full() => stages,
            NextMove::Stage(_) | NextMove::Done(_) => panic!("{CALLED_TWICE}"),
        }
    }

    /// Panics if a callback has returned without calling `perform` or `done`.
    pub(crate) fn check_called(&self) {
        if let NextMove::Stage(stages) = &self.next {
            assert!(stages.is_full(), "{CALLED_NEITHER}");
        }
    }
}

impl<T> OwnsStages for Callback<T> {
    fn stages(&mut self) -> &mut StageBox<Self> {
        match &mut self.next {
            NextMove::Stage(stages) => stages,
            NextMove::Done(_) => unreachable!("a task that is done has no stage"),
        }
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
