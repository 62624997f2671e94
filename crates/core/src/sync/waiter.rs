//! [`Waiter`]: a leaf that waits until it may go on; and [`resume`], which resumes such a leaf.

use std::panic::Location;

use crate::{
    Context, LocalWaker, Step, Wait, fairness,
    inspect::{LeafKind, ObjectNumber, note},
};

/// A leaf (a task that waits for something itself and contains no other task) that waits in a queue
/// until it may go on.
pub(crate) trait Waiter {
    /// The output of the leaf.
    type Output;

    /// What reports call the leaf.
    const KIND: LeafKind;

    /// Returns what reports call this leaf.
    #[inline]
    fn kind(&self) -> LeafKind {
        Self::KIND
    }

    /// Returns whether the leaf has waited before.
    fn has_waited(&self) -> bool;

    /// Returns the line that made the leaf, if the leaf knows it.
    fn line(&self) -> Option<&'static Location<'static>>;

    /// Leaves the queue and returns the output, if the leaf need not wait.
    fn try_now(&mut self) -> Option<Self::Output>;

    /// Waits in the queue, which wakes this waker when the leaf may go on. Returns the number of
    /// the object that has the queue.
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber;
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
        let object = waiter.wait(waker);
        if gives_way {
            return Step::Suspended(Wait::Turn);
        }
        note(waiter.kind(), waiter.line().or(cx.line()), object);
        return Step::Suspended(Wait::Wake);
    }
}
