//! The word that `std::thread::park` waits for. There is one for each OS thread, so that only one
//! of its green threads could wait there.

use std::{cell::Cell, thread, time::Duration};

thread_local! {
    static WORD: Cell<usize> = const { Cell::new(0) };
    static IS_LEARNING: Cell<bool> = const { Cell::new(false) };
}

/// The value with which `park` waits. Other locks have it rarely.
const PARKED: u32 = u32::MAX;

/// Returns whether this is the word of this OS thread.
pub(super) fn is_parker(address: usize, expected: u32) -> bool {
    if WORD.get() == 0 {
        // Inside `park` its word cannot be looked up.
        if expected == PARKED {
            return true;
        }
        learn();
    }
    WORD.get() == address
}

/// Finds the address of this OS thread's word: parks for a moment, and looks where the hook is
/// called.
pub(super) fn learn() {
    if WORD.get() != 0 {
        return;
    }
    IS_LEARNING.set(true);
    thread::park_timeout(Duration::from_nanos(1));
    if WORD.get() == 0 {
        // There was an unpark from before. It is given back.
        thread::park_timeout(Duration::from_nanos(1));
        thread::current().unpark();
    }
    IS_LEARNING.set(false);
}

/// Takes the address, if this thread is learning it. Then nothing waits.
pub(super) fn is_learnt(address: usize) -> bool {
    let is_learning = IS_LEARNING.get();
    if is_learning {
        WORD.set(address);
    }
    is_learning
}
