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
/// The functions of the waker of a part of a combinator.
static PART_VTABLE: RawWakerVTable = RawWakerVTable::new(clone_part, wake_part, wake_part, |_| {});

/// Returns the waker of the task at `key`, for one resume. It is never dropped, as there is nothing
/// to drop.
pub(crate) fn waker(key: SlotKey) -> ManuallyDrop<Waker> {
    ManuallyDrop::new(from_word(key.0, &VTABLE))
}

/// Returns the waker of the part of a combinator at `key`.
pub(crate) fn part_waker(key: SlotKey) -> Waker {
    from_word(key.0, &PART_VTABLE)
}

/// The wakers of tasks and of parts.
pub(crate) const OWN_WAKERS: OwnWakers =
    OwnWakers { vtables: [&VTABLE, &PART_VTABLE], copy: local_copy };

/// Returns a copy of `waker`. If the waker is one of ours, its loop does not count the copy as a
/// clone: the caller keeps it on the loop's thread.
pub(crate) fn local_copy(waker: &Waker) -> Waker {
    if is_of(waker, &VTABLE) {
        from_word(word(waker.data()), &VTABLE)
    } else if is_of(waker, &PART_VTABLE) {
        from_word(word(waker.data()), &PART_VTABLE)
    } else {
        waker.clone()
    }
}

/// Records that a waker counts as cloned, if it is one of ours.
pub(crate) fn escape(waker: &Waker) {
    if is_of(waker, &VTABLE) {
        clone(waker.data());
    } else if is_of(waker, &PART_VTABLE) {
        clone_part(waker.data());
    }
}

/// Returns the index of the loop that has made a waker, if it is one of ours.
pub(crate) fn event_loop(waker: &Waker) -> Option<u16> {
    let is_ours = is_of(waker, &VTABLE) || is_of(waker, &PART_VTABLE);
    is_ours.then(|| SlotKey(word(waker.data())).event_loop())
}

/// Returns the task that a waker wakes, if the waker is one of ours and belongs to no part.
pub(crate) fn task(waker: &Waker) -> Option<SlotKey> {
    is_of(waker, &VTABLE).then(|| SlotKey(word(waker.data())))
}

fn is_of(waker: &Waker, vtable: &'static RawWakerVTable) -> bool {
    ptr::eq(waker.vtable(), vtable)
}

fn from_word(word: u64, vtable: &'static RawWakerVTable) -> Waker {
    // SAFETY: the functions of both tables use the data only as a number, and may be called on any
    // thread at any time. A waker owns nothing.
    unsafe { Waker::from_raw(raw(word, vtable)) }
}

fn raw(word: u64, vtable: &'static RawWakerVTable) -> RawWaker {
    RawWaker::new(ptr::without_provenance(word as usize), vtable)
}

fn word(data: *const ()) -> u64 {
    data.addr() as u64
}

fn clone(data: *const ()) -> RawWaker {
    let key = SlotKey(word(data));
    if !active_loop::with(key.event_loop(), |it| it.waker_escapes(key)) {
        mailbox_table::of(key.event_loop()).waker_escapes(key);
    }
    raw(word(data), &VTABLE)
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

fn clone_part(data: *const ()) -> RawWaker {
    let key = SlotKey(word(data));
    if !active_loop::with(key.event_loop(), |it| it.part_waker_escapes(key)) {
        mailbox_table::of(key.event_loop()).waker_escapes(key);
    }
    raw(word(data), &PART_VTABLE)
}

fn wake_part(data: *const ()) {
    let key = SlotKey(word(data));
    let mut combinator = None;
    if !active_loop::with(key.event_loop(), |it| combinator = it.wake_part(key)) {
        mailbox_table::of(key.event_loop()).wake_part(key);
    }
    // The waker may be another executor's, so it is woken while nothing is borrowed.
    if let Some(combinator) = combinator {
        combinator.wake_by_ref();
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
