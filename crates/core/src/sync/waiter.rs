//! [`Waiter`]: a leaf that waits until it may go on; and [`resume`], which resumes such a leaf.

use crate::{Context, LocalWaker, Step, Wait, fairness};

/// A leaf (a task that waits for something itself and contains no other task) that waits in a queue
/// until it may go on.
pub(crate) trait Waiter {
    /// The output of the leaf.
    type Output;

    /// Returns whether the leaf has waited before.
    fn has_waited(&self) -> bool;

    /// Leaves the queue and returns the output, if the leaf need not wait.
    fn try_now(&mut self) -> Option<Self::Output>;

    /// Waits in the queue, which wakes this waker when the leaf may go on.
    fn wait(&mut self, waker: LocalWaker);
}

/// Resumes a leaf: it goes on if it may, and otherwise waits.
#[inline]
pub(crate) fn resume<W: Waiter>(waiter: &mut W, cx: &Context<'_>) -> Step<W::Output> {
    let gives_way = fairness::gives_way(waiter.has_waited());
    let mut clone = None;
    loop {
        if !gives_way && let Some(output) = waiter.try_now() {
            return fairness::done(output);
        }
        let Some(waker) = cx.copy_own_waker().or_else(|| clone.take()) else {
            // Cloning another executor's waker runs user code, which may change the state. So the
            // leaf tries again.
            clone = Some(cx.local_waker());
            continue;
        };
        waiter.wait(waker);
        return Step::Suspended(if gives_way { Wait::Turn } else { Wait::Wake });
    }
}
