//! Integer wakers: a waker is one word that says where its task is, and owns nothing.
//!
//! ```text
//!   63          48 47               24 23              0
//!  ┌──────────────┬───────────────────┬─────────────────┐
//!  │ loop         │ slot              │ generation      │
//!  └──────────────┴───────────────────┴─────────────────┘
//! ```
//!
//! A clone is a copy and a drop is nothing. A slot that is used again has a new generation, so a
//! wake for the task that was there before finds nobody. Waking never touches a loop that may be
//! gone: on the thread that runs the loop it goes through a thread-local, from anywhere else
//! through a mailbox that lives for ever (see `mailboxes`).
//!
//! The idea of packing slot and generation into a word is the generational arena's; that of a waker
//! without a reference count is embassy's.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};

use quadrivium_core::host::TaskKey;

use crate::{active, mailboxes};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the wakers of quadrivium-event-loop are 64-bit words: this needs a 64-bit target");

const SLOT_BITS: u32 = 24;
const GENERATION_BITS: u32 = 24;

/// Loops that can exist at once: as many as a `u16` can tell apart.
pub(crate) const LOOPS: usize = 1 << (u64::BITS - SLOT_BITS - GENERATION_BITS);
/// Tasks one loop can have at once.
pub(crate) const SLOTS: u32 = 1 << SLOT_BITS;
/// Times one slot can be used.
pub(crate) const GENERATIONS: u32 = 1 << GENERATION_BITS;

/// Where a task is, as the word drawn above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    #[inline]
    pub(crate) fn new(event_loop: u16, slot: u32, generation: u32) -> Self {
        debug_assert!(slot < SLOTS && generation < GENERATIONS);
        Self(
            u64::from(event_loop) << (SLOT_BITS + GENERATION_BITS)
                | u64::from(slot) << GENERATION_BITS
                | u64::from(generation),
        )
    }

    #[inline]
    pub(crate) fn event_loop(self) -> u16 {
        // The shift leaves what fits.
        (self.0 >> (SLOT_BITS + GENERATION_BITS)) as u16
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 >> GENERATION_BITS) as u32 & (SLOTS - 1)
    }

    #[inline]
    pub(crate) fn generation(self) -> u32 {
        self.0 as u32 & (GENERATIONS - 1)
    }
}

impl From<TaskKey> for Key {
    fn from(key: TaskKey) -> Self {
        Self(key.0)
    }
}

impl From<Key> for TaskKey {
    fn from(key: Key) -> Self {
        Self(key.0)
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

/// The waker of the task at `key`, for the length of a resume. It is never dropped, as there is
/// nothing to drop.
pub(crate) fn waker(key: Key) -> ManuallyDrop<Waker> {
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
    let key = Key(word(data));
    if !active::with(key.event_loop(), |shared| shared.waker_escapes(key)) {
        mailboxes::of(key.event_loop()).waker_escapes(key);
    }
    raw(word(data))
}

fn wake(data: *const ()) {
    let key = Key(word(data));
    if !active::with(key.event_loop(), |shared| shared.wake(key)) {
        mailboxes::of(key.event_loop()).wake(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_put_into_it() {
        let last = (u16::MAX, SLOTS - 1, GENERATIONS - 1);
        for (event_loop, slot, generation) in [(0, 0, 0), (1, 2, 3), last] {
            let key = Key::new(event_loop, slot, generation);
            assert_eq!(
                (key.event_loop(), key.slot(), key.generation()),
                (event_loop, slot, generation)
            );
        }
    }

    #[test]
    fn a_waker_is_one_word_of_data_and_owns_nothing() {
        let key = Key::new(7, 8, 9);
        assert_eq!(word(waker(key).data()), key.0);
    }
}
