//! [`select`]: makes one task of many. It is done when the first of them is done, and the others go
//! on later.

use std::{fmt, ops::ControlFlow, pin::Pin};

use super::parts::Parts;
use crate::{Context, Step, Task};

/// Runs any number of tasks of one type side by side until the first of them is done. The output
/// has the output of that task, and the other tasks. They are suspended until they are performed
/// again. If several tasks are done at once, the first in their order counts.
///
/// Without tasks, the output is `None` at once.
///
/// ```
/// use quadrivium::prelude::*;
/// use std::time::Duration;
///
/// let sleeps = [3, 1, 2].map(|n| sleep(Duration::from_secs(n)));
/// let order = future(async {
///     let mut order = Vec::new();
///     let mut rest = select(sleeps);
///     while let Some(first) = rest.await {
///         order.push(first.index);
///         rest = first.rest;
///     }
///     order
/// });
/// assert_eq!(EventLoop::with_virtual_clock()?.block_on(order)?, [1, 2, 0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn select<T: Task>(tasks: impl IntoIterator<Item = T>) -> Select<T> {
    Select { parts: Some(Parts::new(tasks)) }
}

/// A task that waits for the first of many tasks. Made by [`select`].
#[must_use = "a task is lazy: perform it"]
pub struct Select<T> {
    /// `None` when it is done.
    parts: Option<Parts<T>>,
}

/// The first task of a [`select`] that is done, and the others.
pub struct Selected<T: Task> {
    /// The index of the task that is done, in the order in which the tasks were passed to
    /// [`select`]. The other tasks keep their indices.
    pub index: usize,
    /// The output of that task.
    pub output: T::Output,
    /// The other tasks. Perform it to wait for the next output.
    pub rest: Select<T>,
}

// Each task is in a box of its own.
impl<T> Unpin for Select<T> {}

impl<T: Task> Task for Select<T> {
    type Output = Option<Selected<T>>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let parts = self.parts.as_mut().expect(crate::RESUMED_AFTER_DONE);
        let mut first = None;
        let resumed = parts.resume(cx, |index, output| {
            first = Some((index, output));
            ControlFlow::Break(())
        });
        match resumed {
            ControlFlow::Continue(wait) if parts.left() > 0 => Step::Suspended(wait),
            ControlFlow::Continue(_) | ControlFlow::Break(()) => {
                let rest = Self { parts: self.parts.take() };
                Step::Done(first.map(|(index, output)| Selected { index, output, rest }))
            }
        }
    }
}

impl<T: Task> fmt::Debug for Select<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.parts.as_ref().map(Parts::left);
        f.debug_struct("Select").field("left", &left).finish_non_exhaustive()
    }
}

impl<T: Task<Output: fmt::Debug>> fmt::Debug for Selected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, output, rest } = self;
        let mut shown = f.debug_struct("Selected");
        shown.field("index", index).field("output", output).field("rest", rest).finish()
    }
}
