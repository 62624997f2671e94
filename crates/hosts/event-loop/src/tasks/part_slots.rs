//! [`PartSlots`]: the table of the parts of combinators that have wakers of this loop.
//!
//! ```text
//!   the slot of a part in its SlotKey        blocks
//!  ┌───────────────────────┬────────┐       ┌──────────────────────────────────────────┐
//!  │ index of the block    │ number │ ────► │ generation, the combinator, its part with │
//!  └───────────────────────┴────────┘       │ the number 0                              │
//!           20 bits          4 bits         └──────────────────────────────────────────┘
//! ```
//!
//! A part has a key of the same form as a task. Its slot is one of the sixteen of a block, and a
//! combinator takes as many blocks as it needs. So a table entry serves sixteen parts, and the key
//! of a part is computed rather than stored.

use std::sync::Arc;

use quadrivium_core::host::WokenParts;

use super::slot_key::{GENERATIONS, SLOTS, SlotKey};

/// Number of parts in a block. Most combinators have fewer, and need one block.
const PARTS: usize = 16;

#[derive(Default)]
pub(crate) struct PartSlots {
    blocks: Vec<Block>,
    free: Vec<u32>,
    event_loop: u16,
    first_generation: u32,
}

struct Block {
    generation: u32,
    /// The combinator, and the index of the first of its parts that are in this block.
    parts: Option<(Arc<WokenParts>, usize)>,
}

/// The blocks of one combinator.
pub(crate) struct PartKeys {
    /// The key of the first slot of each block.
    blocks: Box<[SlotKey]>,
}

impl PartKeys {
    #[inline]
    pub(crate) fn key(&self, part: usize) -> SlotKey {
        let block = self.blocks[part / PARTS];
        // The remainder is less than sixteen.
        block.with_slot(block.slot() + (part % PARTS) as u32)
    }
}

impl PartSlots {
    pub(crate) fn new(event_loop: u16, first_generation: u32) -> Self {
        Self { event_loop, first_generation, ..Self::default() }
    }

    /// Takes slots for all parts of a combinator. Returns `None` if not enough of them are free.
    pub(crate) fn insert(&mut self, woken: &Arc<WokenParts>) -> Option<PartKeys> {
        let needed = woken.len().div_ceil(PARTS);
        let unused = SLOTS as usize / PARTS - self.blocks.len();
        if needed > self.free.len() + unused {
            return None;
        }
        let first_parts = (0..woken.len()).step_by(PARTS);
        let blocks = first_parts.map(|first| self.insert_block(Arc::clone(woken), first)).collect();
        Some(PartKeys { blocks })
    }

    fn insert_block(&mut self, woken: Arc<WokenParts>, first: usize) -> SlotKey {
        let index = self.free.pop().unwrap_or_else(|| {
            self.blocks.push(Block { generation: self.first_generation, parts: None });
            u32::try_from(self.blocks.len() - 1).expect("there are at most as many as slots")
        });
        let block = &mut self.blocks[index as usize];
        block.parts = Some((woken, first));
        SlotKey::new(self.event_loop, index * PARTS as u32, block.generation)
    }

    /// Returns the combinator and the index of the part, unless the combinator is gone.
    #[inline]
    pub(crate) fn at(&self, key: SlotKey) -> Option<(&Arc<WokenParts>, usize)> {
        let slot = key.slot() as usize;
        let block = self.blocks.get(slot / PARTS)?;
        let (woken, first) = block.parts.as_ref()?;
        (block.generation == key.generation()).then_some((woken, first + slot % PARTS))
    }

    /// Frees the slots of a combinator that is gone. Its waker is gone already, so no code of users
    /// runs.
    pub(crate) fn remove(&mut self, keys: &PartKeys) {
        for key in &keys.blocks {
            let index = key.slot() / PARTS as u32;
            let block = &mut self.blocks[index as usize];
            block.parts = None;
            // Like a slot of a task, a block that has run out of generations is never used again.
            if block.generation + 1 < GENERATIONS {
                block.generation += 1;
                self.free.push(index);
            }
        }
    }

    /// Returns one more than the highest generation in use.
    pub(crate) fn next_generation(&self) -> u32 {
        let used = self.blocks.iter().map(|block| block.generation).max();
        used.unwrap_or(self.first_generation) + 1
    }
}
