//! [`SlotKey`]: one word that identifies a task.
//!
//! ```text
//!   63          48 47               24 23              0
//!  ┌──────────────┬───────────────────┬─────────────────┐
//!  │ loop         │ slot              │ generation      │
//!  └──────────────┴───────────────────┴─────────────────┘
//! ```
//!
//! The word has the index of the task's loop, the index of its slot, and the generation of the
//! slot. A slot that is used again has a new generation, so the key of an earlier task finds
//! nothing. Packing a slot and a generation into one word is the idea of the generational arena.

use quadrivium_core::host::TaskKey;

const SLOT_BITS: u32 = 24;
const GENERATION_BITS: u32 = 24;

/// Number of loops that can exist at once: as many as a `u16` can distinguish.
pub(crate) const LOOPS: usize = 1 << (u64::BITS - SLOT_BITS - GENERATION_BITS);
/// Number of tasks that one loop can have at once.
pub(crate) const SLOTS: u32 = 1 << SLOT_BITS;
/// Number of times that one slot can be used.
pub(crate) const GENERATIONS: u32 = 1 << GENERATION_BITS;

/// Identifies a task. The word is drawn above.
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

    /// Returns the key of a task on this loop.
    #[inline]
    pub(crate) fn of(event_loop: u16, task: TaskKey) -> Self {
        Self(u64::from(event_loop) << (SLOT_BITS + GENERATION_BITS) | task.0)
    }

    #[inline]
    pub(crate) fn event_loop(self) -> u16 {
        // Only 16 bits are left after the shift.
        (self.0 >> (SLOT_BITS + GENERATION_BITS)) as u16
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 >> GENERATION_BITS) as u32 & (SLOTS - 1)
    }

    /// Returns the key of another slot with the same loop and generation.
    #[inline]
    pub(crate) fn with_slot(self, slot: u32) -> Self {
        Self::new(self.event_loop(), slot, self.generation())
    }

    #[inline]
    pub(crate) fn generation(self) -> u32 {
        self.0 as u32 & (GENERATIONS - 1)
    }
}

/// The key that a task's handle has. It leaves out the loop, because the handle refers to its loop.
impl From<SlotKey> for TaskKey {
    #[inline]
    fn from(key: SlotKey) -> Self {
        Self(key.0 & ((1 << (SLOT_BITS + GENERATION_BITS)) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_returns_the_parts_it_was_made_of() {
        let last = (u16::MAX, SLOTS - 1, GENERATIONS - 1);
        for (event_loop, slot, generation) in [(0, 0, 0), (1, 2, 3), last] {
            let key = SlotKey::new(event_loop, slot, generation);
            assert_eq!(
                (key.event_loop(), key.slot(), key.generation()),
                (event_loop, slot, generation)
            );
            assert_eq!(SlotKey::of(event_loop, key.into()), key);
        }
    }
}
