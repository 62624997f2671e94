//! Fairness: after 64 operations have finished within one step of a task, the next new operation
//! suspends for a turn, so that the other tasks run.
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
//! An operation gives way before it takes anything. So nothing is lost if it is dropped then.
//!
//! An operation gives way only once: in the next step it goes on, however many operations the other
//! parts of a combinator have done by then. So no part of a combinator can starve another.
//!
//! If you write your own leaf (a task that performs no other task), and it can finish without
//! waiting, it must do the same:
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

use crate::{Step, current_step::CURRENT_STEP, host};

/// The number of operations that may be done in a row, that is, in one step. After them, each new
/// operation in this step gives way.
///
/// The number is large, so that a turn costs little in comparison with the operations. It is small
/// enough that the other tasks hardly notice the delay.
pub const IN_A_ROW: u32 = 64;

/// The count after an operation has given way without a host.
///
/// Without a host, no code calls [`begin_step`] before each resume. So a new step must be
/// recognized by the count:
///
/// 1. The operation that gives way sets the count to this value.
/// 2. At this value, every new operation gives way as well. Only an operation that has suspended
///    before can be done. It raises the count.
/// 3. So a count above this value is the sign that a new step has begun. The count then starts
///    again: it becomes the number of operations that were done above this value.
///
/// This sign can be wrong. Say part A of a combinator gives way. In the same step, part B, which
/// had suspended in an earlier step, finishes and raises the count. New operations after part B
/// then seem to be in a new step, so this step does more than [`IN_A_ROW`] operations.
const GAVE_WAY: u32 = u32::MAX / 2;

/// Resets the count. A host calls this before each resume.
///
/// Code that resumes an operation only once calls this too, such as a green thread that uses a
/// stream while it unwinds. Otherwise an operation that need not wait might give way, and seem to
/// wait.
#[inline]
pub fn begin_step() {
    set_count(0);
}

/// Returns whether an operation must give way now. If so, the operation takes nothing and suspends
/// with [`Wait::Turn`](crate::Wait::Turn).
///
/// `has_suspended` says whether the operation has suspended before, for any reason. If so, it never
/// has to give way.
///
/// Without a host, the call may change the count of the operations.
#[inline]
#[must_use]
pub fn gives_way(has_suspended: bool) -> bool {
    count() >= IN_A_ROW && gives_way_after_many(has_suspended)
}

#[cold]
fn gives_way_after_many(has_suspended: bool) -> bool {
    if has_suspended || host::current().is_some() {
        return !has_suspended;
    }
    let done_since = count().saturating_sub(GAVE_WAY);
    // In the new step, `IN_A_ROW` operations or more may be done already, if each of them has
    // suspended before. Then this operation gives way, too.
    let is_new_step = (1..IN_A_ROW).contains(&done_since);
    set_count(if is_new_step { done_since } else { GAVE_WAY });
    !is_new_step
}

/// Counts an operation that is done, and returns the step with its output.
#[inline]
pub fn done<T>(output: T) -> Step<T> {
    set_count(count().wrapping_add(1));
    Step::Done(output)
}

/// Returns the number of operations that were done in this step. Without a host, it may also be
/// [`GAVE_WAY`] plus the number of operations that were done since one gave way.
#[inline]
fn count() -> u32 {
    CURRENT_STEP.with(|step| step.done.get())
}

#[inline]
fn set_count(count: u32) {
    CURRENT_STEP.with(|step| step.done.set(count));
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
        assert!(gives_way(false), "a second part of the combinator must give way in the same step");
        assert!(!gives_way(true));
        assert!(matches!(done(()), Step::Done(())));
        assert!(!gives_way(false));
    }
}
