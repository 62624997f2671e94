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
//!         if !self.has_suspended && fairness::gives_way() {
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
    /// The operations that are done in this step. One word that needs no destructor, so it costs two
    /// instructions.
    static DONE: Cell<u32> = const { Cell::new(0) };
}

/// Says that a host resumes a task next. Hosts call it before each resume, and so does code that
/// resumes a task by hand and takes every suspension for a wait.
#[inline]
pub fn begin_step() {
    DONE.set(0);
}

/// Whether an operation gives way now: it returns [`Wait::Turn`](crate::Wait::Turn) and has taken
/// nothing. To be asked only before an operation suspends for the first time.
#[inline]
#[must_use]
pub fn gives_way() -> bool {
    DONE.get() >= IN_A_ROW
}

/// The last step of an operation, which counts it.
#[inline]
pub fn done<T>(output: T) -> Step<T> {
    match DONE.get() {
        n if n < IN_A_ROW => DONE.set(n + 1),
        _ => done_after_many(),
    }
    Step::Done(output)
}

/// An operation that has suspended is done, though others are to give way. Where no host says when
/// a step begins, as on a foreign executor, this is the sign of a new one.
#[cold]
fn done_after_many() {
    if host::current().is_none() {
        DONE.set(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_an_operation_that_has_given_way_begins_a_new_row() {
        for _ in 0..IN_A_ROW {
            assert!(!gives_way());
            assert!(matches!(done(()), Step::Done(())));
        }
        assert!(gives_way());
        assert!(gives_way(), "also the second part of a combinator");
        assert!(matches!(done(()), Step::Done(())));
        assert!(!gives_way());
    }
}
