//! Integer wakers: a waker is one word, the [`SlotKey`] of its task, and owns nothing.
//!
//! A clone is a copy and a drop is nothing. A wake for a task that is gone finds nobody, as the
//! slot has a new generation. Waking never touches a loop that may be gone: on the thread that runs
//! the loop it goes through a thread-local, from anywhere else through a mailbox that lives for
//! ever (see `mailbox_table`).
//!
//! The idea of a waker without a reference count is embassy's.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};

use crate::{
    tasks::slot_key::SlotKey,
    wake::{active_loop, mailbox_table},
};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the wakers of quadrivium-event-loop are 64-bit words: this needs a 64-bit target");

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

/// The waker of the task at `key`, for the length of a resume. It is never dropped, as there is
/// nothing to drop.
pub(crate) fn waker(key: SlotKey) -> ManuallyDrop<Waker> {
    ManuallyDrop::new(from_word(key.0))
}

/// A copy of `waker` that the task's loop does not count as given away, if it is one of ours.
pub(crate) fn local_copy(waker: &Waker) -> Waker {
    match ptr::eq(waker.vtable(), &raw const VTABLE) {
        true => from_word(word(waker.data())),
        false => waker.clone(),
    }
}

fn from_word(word: u64) -> Waker {
    // SAFETY: the functions of VTABLE use the data as a number only, are safe to call on any
    // thread at any time, and there is no ownership that they could get wrong.
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
        mailbox_table::of(key.event_loop()).wake(key);
    }
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
