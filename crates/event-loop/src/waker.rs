//! Integer wakers: a waker is one word that says where its task is, and owns nothing.
//!
//! ```text
//!   63        50 49                 24 23              0
//!  ┌────────────┬─────────────────────┬─────────────────┐
//!  │ loop       │ slot                │ generation      │
//!  └────────────┴─────────────────────┴─────────────────┘
//! ```
//!
//! A clone is a copy and a drop is nothing. A slot that is used again has a new generation, so a wake
//! for the task that was there before finds nobody. Waking never touches a loop that may be gone: on
//! the thread that runs the loop it goes through a thread-local, from anywhere else through a mailbox
//! that lives for ever (see `mailbox`).
//!
//! The idea of packing slot and generation into a word is the generational arena's; that of a waker
//! without a reference count is embassy's.

#![allow(unsafe_code)]

use std::{
    mem::ManuallyDrop,
    ptr,
    task::{RawWaker, RawWakerVTable, Waker},
};

use quadrivium_core::host;

use crate::{active, mailbox};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("the wakers of quadrivium-event-loop are 64-bit words: this needs a 64-bit target");

const SLOT_BITS: u32 = 26;
const GENERATION_BITS: u32 = 24;

/// Loops that can exist at once.
pub(crate) const LOOPS: usize = 1 << (u64::BITS - SLOT_BITS - GENERATION_BITS);
/// Tasks one loop can have at once.
pub(crate) const SLOTS: u32 = 1 << SLOT_BITS;
/// Times one slot can be used.
pub(crate) const GENERATIONS: u32 = 1 << GENERATION_BITS;

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) event_loop: u16,
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl Key {
    pub(crate) fn pack(self) -> u64 {
        debug_assert!((self.event_loop as usize) < LOOPS);
        debug_assert!(self.slot < SLOTS && self.generation < GENERATIONS);
        u64::from(self.event_loop) << (SLOT_BITS + GENERATION_BITS)
            | u64::from(self.slot) << GENERATION_BITS
            | u64::from(self.generation)
    }

    pub(crate) fn unpack(word: u64) -> Self {
        // Each mask leaves what fits the field, so no cast loses anything.
        Self {
            event_loop: (word >> (SLOT_BITS + GENERATION_BITS)) as u16,
            slot: (word >> GENERATION_BITS) as u32 & (SLOTS - 1),
            generation: word as u32 & (GENERATIONS - 1),
        }
    }
}

impl From<host::Key> for Key {
    fn from(key: host::Key) -> Self {
        Self::unpack(key.0)
    }
}

impl From<Key> for host::Key {
    fn from(key: Key) -> Self {
        Self(key.pack())
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

/// The waker of the task at `key`, for the length of a resume. It is never dropped, as there is
/// nothing to drop.
pub(crate) fn waker(key: Key) -> ManuallyDrop<Waker> {
    ManuallyDrop::new(from_word(key.pack()))
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
    let key = Key::unpack(word(data));
    if !active::with(key.event_loop, |shared| shared.waker_escapes(key)) {
        mailbox::of(key.event_loop).waker_escapes();
    }
    raw(word(data))
}

fn wake(data: *const ()) {
    let key = Key::unpack(word(data));
    if !active::with(key.event_loop, |shared| shared.wake(key)) {
        mailbox::of(key.event_loop).wake(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_packing() {
        let key =
            Key { event_loop: LOOPS as u16 - 1, slot: SLOTS - 1, generation: GENERATIONS - 1 };
        assert_eq!(Key::unpack(key.pack()), key);
        let key = Key { event_loop: 1, slot: 2, generation: 3 };
        assert_eq!(Key::unpack(key.pack()), key);
    }

    #[test]
    fn a_waker_is_two_words_and_owns_nothing() {
        assert!(!std::mem::needs_drop::<ManuallyDrop<Waker>>());
        let key = Key { event_loop: 7, slot: 8, generation: 9 };
        assert_eq!(word(waker(key).data()), key.pack());
    }
}
