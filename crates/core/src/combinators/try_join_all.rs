//! [`try_join_all`]: makes one task of many that may fail. The first error ends it.

use std::{fmt, ops::ControlFlow, pin::Pin};

use super::parts::{Combinator, Parts};
use crate::{Context, RESUMED_AFTER_DONE, Step, Task, inspect::LeafKind};

/// Runs any number of tasks of one type side by side until all are done or the first of them fails.
/// The output is a `Vec` of their values, in the same order, or the error.
///
/// After an error, the other tasks are dropped in their order, and their destructors have run,
/// before the error is returned. The values of tasks that were done before are dropped too. If
/// several tasks fail at once, the error of the first in their order is returned.
///
/// A join handle that is dropped lets its task run on. So after an error the tasks of other handles
/// continue.
///
/// ```
/// use quadrivium::prelude::*;
/// use std::time::Duration;
///
/// let answer = |n: u64| future(async move {
///     sleep(Duration::from_secs(n)).await;
///     if n == 2 { Err(format!("{n} does not answer")) } else { Ok(n) }
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// assert_eq!(event_loop.block_on(try_join_all([4, 3].map(answer)))?, Ok(vec![4, 3]));
/// let error = event_loop.block_on(try_join_all([4, 3, 2].map(answer)))?;
/// assert_eq!(error, Err("2 does not answer".to_string()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn try_join_all<T, X, E>(tasks: impl IntoIterator<Item = T>) -> TryJoinAll<T>
where
    T: Task<Output = Result<X, E>>,
{
    let parts = Parts::new(Combinator::new(LeafKind::TryJoinAll), tasks);
    let outputs = (0..parts.len()).map(|_| None).collect();
    TryJoinAll { running: Some(RunningParts { parts, outputs }) }
}

/// Many tasks side by side that may fail. Made by [`try_join_all`].
#[must_use = "a task is lazy: perform it"]
pub struct TryJoinAll<T: Task> {
    /// `None` when it is done.
    running: Option<RunningParts<T>>,
}

struct RunningParts<T: Task> {
    parts: Parts<T>,
    /// The outputs so far. Each of them is `Ok`.
    outputs: Vec<Option<T::Output>>,
}

// A running task is in a box of its own. An output is moved out, never pinned.
impl<T: Task> Unpin for TryJoinAll<T> {}

impl<T: Task<Output = Result<X, E>>, X, E> Task for TryJoinAll<T> {
    type Output = Result<Vec<X>, E>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let RunningParts { parts, outputs } = self.running.as_mut().expect(RESUMED_AFTER_DONE);
        let mut failed = None;
        let resumed = parts.resume(cx, |index, output| match output {
            Ok(_) => {
                outputs[index] = Some(output);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        });
        match resumed {
            ControlFlow::Continue(wait) if parts.left() > 0 => return Step::Suspended(wait),
            ControlFlow::Continue(_) | ControlFlow::Break(()) => {}
        }
        // This drops the other parts, before an error is returned.
        let RunningParts { parts, outputs } = self.running.take().expect(RESUMED_AFTER_DONE);
        drop(parts);
        Step::Done(match failed {
            Some(error) => Err(error),
            None => outputs.into_iter().map(|output| output.expect("each part is done")).collect(),
        })
    }
}

impl<T: Task> fmt::Debug for TryJoinAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.running.as_ref().map(|running| running.parts.left());
        f.debug_struct("TryJoinAll").field("left", &left).finish_non_exhaustive()
    }
}
