//! Counts the local wakers of a step, so that a host notices a leaf that makes no note.
//!
//! A leaf of another crate may wait with a [`LocalWaker`](crate::LocalWaker) and make no note. If
//! a join makes the only note of the step, then the join seems to be all that the task waits for.
//! The number of wakers shows that there is more.

use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

/// Counts a local waker. The leaves of this crate that wait in queues are not counted, because they
/// always make a note.
#[inline]
pub(crate) fn count() {
    COUNT.set(COUNT.get().wrapping_add(1));
}

/// Returns the number of wakers since the last call. A host that looks for cycles calls this before
/// and after each step.
#[inline]
pub fn take_local_wakers() -> u32 {
    COUNT.take()
}
