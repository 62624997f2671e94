//! Fairness: after 64 operations that did not have to wait, a task suspends for a turn, so that the
//! other tasks run.
//!
//! ```text
//!   a step of a task ─► done 1, done 2, … done 64 │ gives way: `Wait::Turn` ─► the next step
//! ```
//!
//! The operations are counted per thread, not per channel or socket. So a task that uses a hundred
//! channels in rotation lets the others run, too. A host resets the count at the beginning of each
//! step, that is, before it resumes a task.
//!
//! To *give way* means: the operation suspends with [`Wait::Turn`](crate::Wait::Turn) and goes on
//! in the next turn.
//!
//! An operation gives way before it takes anything, and only once. So nothing is lost if it is
//! dropped then. And each part of a combinator does at least one operation in a step, however many
//! the other parts do.
//!
//! A leaf of your own that may be done without a wait does the same:
//!
//! ```
//! use quadrivium_core::{Context, Step, Task, Wait, fairness};
//! use std::{cell::Cell, pin::Pin, rc::Rc};
//!
//! /// Takes a number as soon as there is one.
//! struct Take {
//!     number: Rc<Cell<Option<u32>>>,
//!     has_suspended: bool,
//! }
//!
//! impl Task for Take {
//!     type Output = u32;
//!     fn resume(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<u32> {
//!         if fairness::gives_way(self.has_suspended) {
//!             self.has_suspended = true;
//!             return Step::Suspended(Wait::Turn);
//!         }
//!         match self.number.take() {
//!             Some(number) => fairness::done(number),
//!             None => {
//!                 self.has_suspended = true;
//!                 Step::Suspended(Wait::Turn)
//!             }
//!         }
//!     }
//! }
//! # let waker = std::task::Waker::noop();
//! # let mut cx = Context::new(waker);
//! # let number = Rc::new(Cell::new(Some(1)));
//! # let mut take = Take { number, has_suspended: false };
//! # assert!(matches!(Pin::new(&mut take).resume(&mut cx), Step::Done(1)));
//! ```

use std::cell::Cell;

use crate::{Step, host};

/// After this many operations without a wait in one step, the next operation gives way. The number
/// is so large that a turn costs little in comparison, and so small that the other tasks hardly
/// notice the delay.
pub const IN_A_ROW: u32 = 64;

thread_local! {
    /// The number of operations that were done in this step. It is one word without a destructor,
    /// so that reading and counting take one instruction each.
    static DONE: Cell<u32> = const { Cell::new(0) };
}

/// Without a host, nothing reports when a step begins. When an operation gives way then, the count
/// is set to this number. A higher count shows that this operation, or another one that was
/// suspended, has been done since. So a new step has begun.
const GAVE_WAY: u32 = u32::MAX / 2;

/// Resets the count. A host calls this before each resume. So does code that resumes a task by hand
/// and treats every suspension as a wait.
#[inline]
pub fn begin_step() {
    DONE.set(0);
}

/// Returns whether an operation has to give way now. If so, the operation returns
/// [`Wait::Turn`](crate::Wait::Turn) and takes nothing. An operation that has suspended before
/// never has to give way.
#[inline]
#[must_use]
pub fn gives_way(has_suspended: bool) -> bool {
    DONE.get() >= IN_A_ROW && gives_way_after_many(has_suspended)
}

#[cold]
fn gives_way_after_many(has_suspended: bool) -> bool {
    if has_suspended || host::current().is_some() {
        return !has_suspended;
    }
    let done_since = DONE.get().saturating_sub(GAVE_WAY);
    let is_new_step = (1..IN_A_ROW).contains(&done_since);
    DONE.set(if is_new_step { done_since } else { GAVE_WAY });
    !is_new_step
}

/// Counts an operation that is done, and returns the step with its output.
#[inline]
pub fn done<T>(output: T) -> Step<T> {
    DONE.set(DONE.get().wrapping_add(1));
    Step::Done(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_the_count_starts_again_after_an_operation_gave_way() {
        for _ in 0..IN_A_ROW {
            assert!(!gives_way(false));
            assert!(matches!(done(()), Step::Done(())));
        }
        assert!(gives_way(false));
        assert!(gives_way(false), "also the second part of a combinator");
        assert!(!gives_way(true));
        assert!(matches!(done(()), Step::Done(())));
        assert!(!gives_way(false));
    }
}
