//! [`Provided`]: a task and the values that belong to it.

use std::{any::Any, fmt, pin::Pin, sync::Arc};

use pin_project_lite::pin_project;

use super::visible::{VisibleValues, show};
use crate::{Context, RESUMED_AFTER_DONE, Step, Task, inspect::Style};

/// The values of a [`Provided`]. Implemented by [`LocalValues`] and
/// [`InheritedValues`](super::InheritedValues), and by no other type: its method has an argument
/// that other crates cannot name.
pub trait Values {
    #[doc(hidden)]
    fn entry(&self) -> VisibleValues;
}

/// A value that only one task has.
pub struct LocalValues<V> {
    key: usize,
    /// The task is `Send` if the value may be shared between threads.
    value: Arc<V>,
}

impl<V> LocalValues<V> {
    pub(super) fn new(key: usize, value: V) -> Self {
        Self { key, value: Arc::new(value) }
    }
}

impl<V: 'static> Values for LocalValues<V> {
    fn entry(&self) -> VisibleValues {
        VisibleValues::Local(self.key, Arc::clone(&self.value) as Arc<dyn Any>)
    }
}

pin_project! {
    /// A task with values. Made by [`LocalValue::provide`](super::LocalValue::provide) and
    /// [`InheritedValue::provide`](super::InheritedValue::provide).
    #[must_use = "a task is lazy: perform it"]
    pub struct Provided<S: Values, T> {
        // `None` when it is done.
        #[pin]
        task: Option<T>,
        values: S,
    }

    impl<S: Values, T> PinnedDrop for Provided<S, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.task.is_some() {
                let _shown = show(this.values.entry());
                this.task.set(None);
            }
        }
    }
}

impl<S: Values, T> Provided<S, T> {
    pub(super) fn new(values: S, task: T) -> Self {
        Self { task: Some(task), values }
    }
}

impl<S: Values, T: Task> Task for Provided<S, T> {
    type Output = T::Output;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let mut this = self.project();
        let task = this.task.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE);
        let _shown = show(this.values.entry());
        let step = task.resume(cx);
        if let Step::Done(_) = step {
            this.task.set(None);
        }
        step
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, T::style)
    }
}

impl<S: Values, T> fmt::Debug for Provided<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provided").field("is_done", &self.task.is_none()).finish_non_exhaustive()
    }
}

impl<V> fmt::Debug for LocalValues<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalValues").finish_non_exhaustive()
    }
}
