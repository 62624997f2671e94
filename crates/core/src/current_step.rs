//! The step that a host runs on this thread: what a task and its leaves leave behind in it.
//!
//! Everything that the usual step uses is in one thread-local, because the compiler computes the
//! address of each thread-local separately, and keeps it in a register or on the stack. With one
//! address, a field costs a single instruction.

use std::{cell::Cell, panic::Location};

use crate::inspect::LeafKind;

/// The functions of `fairness` and of `inspect::note` use it.
pub(crate) struct CurrentStep {
    /// The count of `fairness`.
    pub(crate) done: Cell<u32>,
    /// What the task waits for: a word of a `Note`.
    pub(crate) note: Cell<u32>,
    /// The other word of the `Note`. It is valid only if a note was made.
    pub(crate) line: Cell<Option<&'static Location<'static>>>,
    /// The number of the task that is resumed, or `NO_TASK`.
    pub(crate) running: Cell<u64>,
    /// The line of the latest call of `turn()`.
    pub(crate) turn_line: Cell<Option<&'static Location<'static>>>,
}

/// No leaf has made a note.
pub(crate) const NO_NOTE: u32 = LeafKind::Outside as u32;

/// No task is being resumed, or its host does not say which.
pub(crate) const NO_TASK: u64 = u64::MAX;

thread_local! {
    /// It has no destructor, so that an access takes no check.
    pub(crate) static CURRENT_STEP: CurrentStep = const {
        CurrentStep {
            done: Cell::new(0),
            note: Cell::new(NO_NOTE),
            line: Cell::new(None),
            running: Cell::new(NO_TASK),
            turn_line: Cell::new(None),
        }
    };
}
