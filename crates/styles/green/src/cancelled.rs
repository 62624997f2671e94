//! The cancel of a green thread, as calls see it that must not be unwound.
//!
//! ```text
//!   GreenThread::cancel ─ Resume::Cancel ─► perform ─────────────────────► unwinds the stack
//!                                       └─► perform_without_unwinding ───► returns `Cancelled`
//!                                             the body goes on: it returns, or calls again
//!   GreenThread::cancel ◄─ gives up ── return_cancelled, after many calls
//!      └─► leaks the stack
//! ```
//!
//! The state is in a thread-local that only a cancel sets, so that it costs other green threads
//! nothing.

use std::{cell::Cell, ptr};

use crate::stack::overflow::{Occupant, running};

thread_local! {
    /// The innermost cancel on this OS thread.
    static CANCEL: Cell<Option<Cancel>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Cancel {
    /// The green thread that is cancelled. The address is only compared.
    of: *const Occupant,
    /// The number of calls that have returned early.
    returns: u32,
    has_given_up: bool,
}

/// A guard: while it exists, a green thread is being cancelled. Made by [`begin`].
pub(crate) struct Cancelling {
    outer: Option<Cancel>,
}

/// Begins the cancel of a green thread. It may be inside the cancel of another one.
pub(crate) fn begin(of: &Occupant) -> Cancelling {
    let cancel = Cancel { of, returns: 0, has_given_up: false };
    Cancelling { outer: CANCEL.replace(Some(cancel)) }
}

impl Cancelling {
    /// Returns whether the body has left its stack for ever.
    pub(crate) fn has_given_up(&self) -> bool {
        CANCEL.get().is_some_and(|cancel| cancel.has_given_up)
    }

    /// Returns the number of calls of the body that have returned early.
    pub(crate) fn returns(&self) -> u32 {
        CANCEL.get().map_or(0, |cancel| cancel.returns)
    }
}

impl Drop for Cancelling {
    fn drop(&mut self) {
        CANCEL.set(self.outer);
    }
}

/// Returns the cancel of the green thread that is running, if it is being cancelled.
fn cancel_of_running() -> Option<Cancel> {
    let running = running()?;
    CANCEL.get().filter(|cancel| ptr::eq(cancel.of, running.occupant))
}

/// Returns whether the green thread that is running is being cancelled.
pub(crate) fn is_cancelled() -> bool {
    cancel_of_running().is_some()
}

/// Counts a call that returns early, and returns the new count.
pub(crate) fn count_return() -> u32 {
    let Some(cancel) = cancel_of_running() else { return 0 };
    let returns = cancel.returns.saturating_add(1);
    CANCEL.set(Some(Cancel { returns, ..cancel }));
    returns
}

/// Notes that the body leaves its stack for ever.
pub(crate) fn give_up() {
    if let Some(cancel) = cancel_of_running() {
        CANCEL.set(Some(Cancel { has_given_up: true, ..cancel }));
    }
}
