//! [`InheritedValues`]: the values that a spawned task gets from the task that spawns it.

use std::{any::Any, fmt, pin::Pin, sync::Arc};

use super::{
    Provided, Values,
    visible::{self, VisibleValues, show},
};
use crate::{
    Context, Task, Wait,
    host::{Hosted, HostedTask},
    inspect::Style,
};

/// The values that a spawned task inherits. They may move to another thread, for a host that spawns
/// the task there.
#[derive(Clone)]
pub struct InheritedValues {
    /// The innermost value comes first. A key may be there again, hidden by the first one.
    values: Arc<[(usize, SharedValue)]>,
}

type SharedValue = Arc<dyn Any + Send + Sync>;

impl InheritedValues {
    pub(super) fn new(key: usize, value: SharedValue) -> Self {
        Self { values: Arc::new([(key, value)]) }
    }

    /// Returns the values that a task inherits if the running task spawns it now. Returns `None` if
    /// there are none.
    pub fn current() -> Option<Self> {
        visible::inherited()
    }

    /// Returns the values of `outer`, hidden by these values where the keys are the same.
    pub(super) fn around(&self, outer: &Self) -> Self {
        let is_hidden = |key| self.values.iter().any(|(inner, _)| *inner == key);
        let seen = outer.values.iter().filter(|(key, _)| !is_hidden(*key));
        Self { values: self.values.iter().chain(seen).cloned().collect() }
    }

    pub(super) fn find(&self, number: usize) -> Option<Arc<dyn Any>> {
        let (_, value) = self.values.iter().find(|(key, _)| *key == number)?;
        Some(Arc::clone(value) as Arc<dyn Any>)
    }

    /// Gives these values to a task.
    pub fn provide<T: Task>(self, task: T) -> Provided<Self, T> {
        Provided::new(self, task)
    }

    /// Calls `f`. Tasks that it spawns inherit these values.
    pub fn inherited_in<R>(values: Option<Self>, f: impl FnOnce() -> R) -> R {
        let _shown = values.map(|values| show(VisibleValues::Inherited(values)));
        f()
    }
}

impl Values for InheritedValues {
    fn entry(&self) -> VisibleValues {
        VisibleValues::Inherited(self.clone())
    }
}

impl fmt::Debug for InheritedValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritedValues").field("len", &self.values.len()).finish()
    }
}

/// Gives a task that is being spawned the values that it inherits.
#[cold]
pub(crate) fn inherit(task: HostedTask) -> HostedTask {
    match InheritedValues::current() {
        Some(values) => Box::pin(InheritingTask { task: Some(task), values: Some(values) }),
        None => task,
    }
}

/// A spawned task with the values that it has inherited.
struct InheritingTask {
    /// Present until it is dropped.
    task: Option<HostedTask>,
    /// `None` when the task is done.
    values: Option<InheritedValues>,
}

impl InheritingTask {
    fn task(&mut self) -> Pin<&mut (dyn Hosted + 'static)> {
        self.task.as_mut().expect("it is dropped last").as_mut()
    }
}

impl Hosted for InheritingTask {
    fn resume_hosted(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let shown = self.values.as_ref().map(|values| show(values.entry()));
        let wait = self.task().resume_hosted(cx);
        drop(shown);
        if wait.is_none() {
            self.values = None;
        }
        wait
    }

    fn take_output(mut self: Pin<&mut Self>, output: &mut dyn Any) {
        self.task().take_output(output);
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, |task| task.style())
    }

    fn touch(&self) {
        self.task.iter().for_each(|task| task.touch());
    }
}

impl Drop for InheritingTask {
    fn drop(&mut self) {
        let _shown = self.values.as_ref().map(|values| show(values.entry()));
        self.task = None;
    }
}
