//! [`Callback`]: the handle by which the body of a callback task performs other tasks and ends.

use std::{fmt, pin::Pin};

use quadrivium_core::Task;

use crate::stage::{Stage, TaskThen};

/// The handle to the running callback task. Every callback of the task receives it.
///
/// A callback calls either [`perform`](Callback::perform) or [`done`](Callback::done), once.
pub struct Callback<T> {
    pub(crate) stage: Option<BoxStage<T>>,
    /// The previous stage, which has run. A new stage of the same type is made in its box. So a
    /// loop of callbacks allocates for its first two rounds and never again.
    pub(crate) spare: Option<BoxStage<T>>,
    pub(crate) output: Option<T>,
}

pub(crate) type BoxStage<T> = Pin<Box<dyn Stage<Callback<T>>>>;

impl<T> Callback<T> {
    pub(crate) fn new() -> Self {
        Self { stage: None, spare: None, output: None }
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
        self.check_not_called();
        let mut parts = Some((task, then));
        let mut stage = self.spare.take();
        if !stage.as_mut().is_some_and(|spare| spare.as_mut().refill(&mut parts)) {
            stage = parts.map(|parts| Box::pin(TaskThen::new(parts)) as BoxStage<T>);
        }
        self.stage = stage;
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        self.check_not_called();
        self.output = Some(output);
    }

    fn check_not_called(&self) {
        assert!(self.stage.is_none() && self.output.is_none(), "{CALLED_TWICE}");
    }

    /// Panics if a callback has returned without calling `perform` or `done`.
    pub(crate) fn check_called(&self) {
        assert!(self.stage.is_some() || self.output.is_some(), "{CALLED_NEITHER}");
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
