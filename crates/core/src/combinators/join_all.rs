//! [`join_all`]: makes one task of many. It is done when all of them are done.

use std::{fmt, ops::ControlFlow, pin::Pin};

use super::parts::{Combinator, Parts};
use crate::{Context, Step, Task, inspect::LeafKind};

/// Runs any number of tasks of one type side by side. The output is a `Vec` of their outputs, in
/// the same order.
///
/// Each task has a waker of its own, so a wake resumes only the task that was woken. Each task is
/// in a box of its own, because it must not move.
///
/// ```
/// use quadrivium::prelude::*;
/// use std::time::Duration;
///
/// let sleeps = |n: u64| future(async move {
///     sleep(Duration::from_millis(10 - n)).await;
///     n
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// let outputs = event_loop.block_on(join_all((0..10_u64).map(sleeps)))?;
/// assert_eq!(outputs, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn join_all<T: Task>(tasks: impl IntoIterator<Item = T>) -> JoinAll<T> {
    let parts = Parts::new(Combinator::new(LeafKind::JoinAll), tasks);
    JoinAll { outputs: Some((0..parts.len()).map(|_| None).collect()), parts }
}

/// Many tasks side by side. Made by [`join_all`].
#[must_use = "a task is lazy: perform it"]
pub struct JoinAll<T: Task> {
    parts: Parts<T>,
    /// The outputs so far. `None` when it is done.
    outputs: Option<Vec<Option<T::Output>>>,
}

// A running task is in a box of its own. An output is moved out, never pinned.
impl<T: Task> Unpin for JoinAll<T> {}

impl<T: Task> Task for JoinAll<T> {
    type Output = Vec<T::Output>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let Self { parts, outputs } = &mut *self;
        let collected = outputs.as_mut().expect(crate::RESUMED_AFTER_DONE);
        let resumed = parts.resume(cx, |index, output| {
            collected[index] = Some(output);
            ControlFlow::Continue(())
        });
        match resumed {
            ControlFlow::Continue(wait) if parts.left() > 0 => Step::Suspended(wait),
            ControlFlow::Continue(_) | ControlFlow::Break(()) => {
                let collected = outputs.take().unwrap_or_default().into_iter();
                Step::Done(collected.map(|output| output.expect("each part is done")).collect())
            }
        }
    }
}

impl<T: Task> fmt::Debug for JoinAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinAll").field("left", &self.parts.left()).finish_non_exhaustive()
    }
}
