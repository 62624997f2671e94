//! [`race_all`]: makes one task of many. It is done when the first of them is done.

use std::{fmt, pin::Pin};

use super::parts::Combinator;
use crate::{Context, Select, Step, Task, inspect::LeafKind};

/// Runs any number of tasks of one type side by side until the first of them is done. The output is
/// its index and its output. The other tasks are dropped, and their destructors have run, before
/// the output is returned. If several tasks are done at once, the first in their order wins.
///
/// ```
/// use quadrivium::prelude::*;
/// use std::time::Duration;
///
/// let sleeps = [3, 1, 2].map(|n| sleep(Duration::from_secs(n)));
/// assert_eq!(EventLoop::with_virtual_clock()?.block_on(race_all(sleeps))?, (1, ()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// Without tasks, because no task can be the first. If there may be none, use
/// [`select`](fn@crate::select).
#[track_caller]
pub fn race_all<T: Task>(tasks: impl IntoIterator<Item = T>) -> RaceAll<T> {
    let mut tasks = tasks.into_iter().peekable();
    assert!(
        tasks.peek().is_some(),
        "a race of no tasks has no winner: pass at least one task, or use `select`"
    );
    let first = Select::new(Combinator::new(LeafKind::RaceAll), tasks);
    RaceAll { first: first.biased() }
}

/// A race of many tasks. Made by [`race_all`].
#[must_use = "a task is lazy: perform it"]
pub struct RaceAll<T> {
    first: Select<T>,
}

// Each task is in a box of its own.
impl<T> Unpin for RaceAll<T> {}

impl<T: Task> Task for RaceAll<T> {
    type Output = (usize, T::Output);

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match Pin::new(&mut self.first).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(first) => {
                let first = first.expect("a race has at least one task");
                drop(first.rest);
                Step::Done((first.index, first.output))
            }
        }
    }
}

impl<T: Task> fmt::Debug for RaceAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RaceAll").field("first", &self.first).finish()
    }
}
