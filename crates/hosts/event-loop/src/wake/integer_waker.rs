//! Integer wakers: a waker is one word, the [`SlotKey`] of its task, and owns nothing.
//!
//! A clone copies the word, and a drop does nothing. The wake of a task that is gone has no effect,
//! because the slot has a new generation by then.
//!
//! A wake never touches a loop that may be gone. On the thread that runs the loop, the wake finds
//! it through a thread-local. From every other thread, the wake goes through a mailbox that is
//! never freed (see `mailbox_table`).
//!
//! A waker without a reference count is an idea of embassy.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};

use quadrivium_core::host::OwnWakers;

use crate::{
    tasks::slot_key::SlotKey,
    wake::{active_loop, mailbox_table},
};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the wakers of quadrivium-event-loop are 64-bit words: this needs a 64-bit target");

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

/// Returns the waker of the task at `key`, for one resume. It is never dropped, as there is nothing
/// to drop.
pub(crate) fn waker(key: SlotKey) -> ManuallyDrop<Waker> {
    ManuallyDrop::new(from_word(key.0))
}

/// All integer wakers. A loop does not count their copies as clones: the callers keep them on the
/// loop's thread.
pub(crate) const OWN_WAKERS: OwnWakers =
    OwnWakers { vtable: &VTABLE, copy: |waker| from_word(word(waker.data())) };

fn from_word(word: u64) -> Waker {
    // SAFETY: the functions of VTABLE use the data only as a number, and may be called on any
    // thread at any time. A waker owns nothing.
    unsafe { Waker::from_raw(raw(word)) }
}

fn raw(word: u64) -> RawWaker {
    RawWaker::new(ptr::without_provenance(word as usize), &VTABLE)
}

fn word(data: *const ()) -> u64 {
    data.addr() as u64
}

fn clone(data: *const ()) -> RawWaker {
    let key = SlotKey(word(data));
    if !active_loop::with(key.event_loop(), |it| it.waker_escapes(key)) {
        mailbox_table::of(key.event_loop()).waker_escapes(key);
    }
    raw(word(data))
}

fn wake(data: *const ()) {
    let key = SlotKey(word(data));
    if !active_loop::with(key.event_loop(), |it| it.wake(key)) {
        wake_elsewhere(key);
    }
}

/// Wakes a task whose loop does not run on this thread.
#[cold]
fn wake_elsewhere(key: SlotKey) {
    mailbox_table::of(key.event_loop()).wake(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_is_one_word_of_data_and_owns_nothing() {
        let key = SlotKey::new(7, 8, 9);
        assert_eq!(word(waker(key).data()), key.0);
    }
}
