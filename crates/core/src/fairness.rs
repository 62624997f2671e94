//! Fairness: an operation that need not wait gives way now and then, so that the others run.
//!
//! ```text
//!   a step of a task ─► done 1, done 2, … done 64 │ gives way: `Wait::Turn` ─► the next step
//! ```
//!
//! The operations are counted for each thread, not for each channel or socket: so a task that goes
//! round a hundred channels gives way, too. A host sets the count back with every step.
//!
//! An operation gives way before it takes anything, and once in its life. So it loses nothing when
//! it is dropped meanwhile, and each part of a combinator does at least one operation in a step,
//! however many the others do.
//!
//! A leaf of your own that can be done without a wait does the same:
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

/// This many operations of one step are done without a wait; the next one gives way. It is large
/// enough that a turn costs little beside them, and small enough that the others hardly notice.
pub const IN_A_ROW: u32 = 64;

thread_local! {
    /// The operations that are done in this step. One word that needs no destructor, so that to
    /// look at it and to count cost an instruction each.
    static DONE: Cell<u32> = const { Cell::new(0) };
}

/// Where no host says when a step begins, the count goes on from here when an operation has given
/// way: a higher one says that it, or another that was suspended, is done since.
const GAVE_WAY: u32 = u32::MAX / 2;

/// Says that a host resumes a task next. Hosts call it before each resume, and so does code that
/// resumes a task by hand and takes every suspension for a wait.
#[inline]
pub fn begin_step() {
    DONE.set(0);
}

/// Whether an operation gives way now: it returns [`Wait::Turn`](crate::Wait::Turn) and has taken
/// nothing. One that has suspended before never does.
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
    let begins_anew = (1..IN_A_ROW).contains(&done_since);
    DONE.set(if begins_anew { done_since } else { GAVE_WAY });
    !begins_anew
}

/// The last step of an operation, which counts it.
#[inline]
pub fn done<T>(output: T) -> Step<T> {
    DONE.set(DONE.get().wrapping_add(1));
    Step::Done(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_an_operation_that_has_given_way_begins_a_new_row() {
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
