//! [`SlotKey`]: where a task is, as one word.
//!
//! ```text
//!   63          48 47               24 23              0
//!  ┌──────────────┬───────────────────┬─────────────────┐
//!  │ loop         │ slot              │ generation      │
//!  └──────────────┴───────────────────┴─────────────────┘
//! ```
//!
//! A slot that is used again has a new generation, so a key of the task that was there before finds
//! nothing. The idea of packing slot and generation into a word is the generational arena's.

use quadrivium_core::host::TaskKey;

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
pub(crate) struct SlotKey(pub(crate) u64);

impl SlotKey {
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

impl From<TaskKey> for SlotKey {
    fn from(key: TaskKey) -> Self {
        Self(key.0)
    }
}

impl From<SlotKey> for TaskKey {
    fn from(key: SlotKey) -> Self {
        Self(key.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_put_into_it() {
        let last = (u16::MAX, SLOTS - 1, GENERATIONS - 1);
        for (event_loop, slot, generation) in [(0, 0, 0), (1, 2, 3), last] {
            let key = SlotKey::new(event_loop, slot, generation);
            assert_eq!(
                (key.event_loop(), key.slot(), key.generation()),
                (event_loop, slot, generation)
            );
        }
    }
}
