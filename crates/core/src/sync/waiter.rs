//! [`Waiter`]: a leaf that waits in a queue, and [`resume`], which resumes it.

use super::wait_queue::QueuePlace;
use crate::{Context, LocalWaker, Step, Wait, fairness};

/// A leaf that waits in a queue until it is its turn.
pub(crate) trait Waiter {
    /// What it is done with.
    type Output;

    /// Its place in the queue.
    fn place(&self) -> &QueuePlace;

    /// Its output, and it leaves the queue, if it need not wait.
    fn try_now(&mut self) -> Option<Self::Output>;

    /// Waits in the queue, with this waker.
    fn wait(&mut self, waker: LocalWaker);
}

/// Resumes a leaf: it goes on if it is its turn, and otherwise waits.
#[inline]
pub(crate) fn resume<W: Waiter>(waiter: &mut W, cx: &Context<'_>) -> Step<W::Output> {
    if fairness::gives_way(waiter.place().is_taken()) {
        waiter.wait(cx.local_waker());
        return Step::Suspended(Wait::Turn);
    }
    if let Some(output) = waiter.try_now() {
        return fairness::done(output);
    }
    let waker = cx.local_waker();
    // The clone may have run user code, and that may have changed what the leaf waits for.
    if let Some(output) = waiter.try_now() {
        return fairness::done(output);
    }
    waiter.wait(waker);
    Step::Suspended(Wait::Wake)
}
