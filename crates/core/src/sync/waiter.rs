//! [`Waiter`]: a leaf that waits in a queue; and [`resume`], which resumes such a leaf.

use super::wait_queue::QueuePlace;
use crate::{Context, LocalWaker, Step, Wait, fairness};

/// A leaf (a task that waits for something itself and contains no other task) that waits in a queue
/// until it may go on.
pub(crate) trait Waiter {
    /// The output of the leaf.
    type Output;

    /// Returns its place in the queue.
    fn place(&self) -> &QueuePlace;

    /// Leaves the queue and returns the output, if the leaf need not wait.
    fn try_now(&mut self) -> Option<Self::Output>;

    /// Waits in the queue, which wakes this waker when the leaf may go on.
    fn wait(&mut self, waker: LocalWaker);
}

/// Resumes a leaf: it goes on if it may, and otherwise waits.
#[inline]
pub(crate) fn resume<W: Waiter>(waiter: &mut W, cx: &Context<'_>) -> Step<W::Output> {
    if fairness::gives_way(waiter.place().has_waited()) {
        waiter.wait(cx.local_waker());
        return Step::Suspended(Wait::Turn);
    }
    if let Some(output) = waiter.try_now() {
        return fairness::done(output);
    }
    let waker = cx.local_waker();
    // Cloning the waker may have run user code that changed the state.
    if let Some(output) = waiter.try_now() {
        return fairness::done(output);
    }
    waiter.wait(waker);
    Step::Suspended(Wait::Wake)
}
