//! A mapping cut into equal stacks, each with a guard page under it.
//!
//! ```text
//! a chunk of class 64 KiB
//! +-----------+-----------+-----------+--------------------+
//! |  stack 0  |  stack 1  |  stack 2  |  ... not carved    |
//! +-----------+-----------+-----------+--------------------+
//!            /             \
//!           /               `-----------------------------.
//! low      v                                               v  high addresses
//!          +-------+------------------------------+--------+
//!          | guard |  64 KiB                      | colour |
//!          | page  |          <------ grows down  |  page  |
//!          +-------+------------------------------+--------+
//!          ^                                            ^
//!          limit                                        base: (1 % 32) * 64 bytes
//!                                                             below the top
//! ```
//!
//! **Colouring.** The hottest bytes of a suspended stack are its topmost, and page-aligned tops
//! would all fight for the same cache sets: hence 32 different tops. The colour also needs a page,
//! or else it would eat into the 64 KiB, and so the stride is no power of two, which pays at 1,000
//! stacks and not beyond. Nanoseconds a switch, round-robin, median of seven interleaved runs:
//!
//! | green threads | 1,000 | 10,000 | 100,000 |
//! |---|---|---|---|
//! | coloured, stride 72 KiB (this) | 4.3 | 9.1 | 59 |
//! | coloured, stride 64 KiB | 6.2 | 8.6 | 60 |
//! | not coloured, stride 72 KiB | 7.0 | 10.6 | 92 |
//! | not coloured, stride 64 KiB | 8.2 | 10.1 | 94 |
//!
//! **The life of one stack** in its chunk:
//!
//! ```text
//!             1                        2
//!   uncarved ----> in use or warm --------------> cold
//!                         ^                        |
//!                         `----------- 3 ----------'
//! ```
//! 1: `carve`, which installs the guard. 2: `cool`. 3: `take`. Which are warm, only the pool knows.

use std::num::NonZeroUsize;

use corosensei::stack::valgrind::ValgrindStackRegistration;

use super::{
    error::StackError,
    mapping::{Guarding, Mapping, PAGE},
    size::Class,
};

const COLOURS: usize = 32;
const CACHE_LINE: usize = 64;

/// Where one stack is.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackAddress {
    /// The highest address, exclusive; coloured.
    pub(super) base: NonZeroUsize,
    /// The lowest address; the guard page starts here.
    pub(super) limit: NonZeroUsize,
    /// Which chunk of the pool it is cut from.
    pub(super) chunk: u32,
    /// Which stack of the chunk it is.
    pub(super) index: u32,
}

/// A mapping and what is known of its stacks.
#[derive(Debug)]
pub(super) struct StackChunk {
    mapping: Mapping,
    stride: usize,
    guarding: Guarding,
    /// Stacks handed out at least once: the first `carved` of the chunk. The rest have no guard.
    carved: u32,
    /// Carved stacks whose pages were given back.
    cold: Vec<u32>,
    /// Stacks somebody runs on; counted by the pool.
    pub(super) in_use: u32,
    valgrind: Vec<ValgrindStackRegistration>,
}

impl StackChunk {
    /// Maps room for `count` stacks, and leaves some address space for others.
    pub(super) fn map(
        class: Class,
        count: usize,
        guarding: Guarding,
    ) -> Result<StackChunk, StackError> {
        let stride = StackChunk::stride(class);
        let bytes = stride * count;
        let mapping = Mapping::new(bytes).map_err(|source| StackError::Map { bytes, source })?;
        // It is unmapped again when it is dropped here.
        let chunk = StackChunk {
            mapping,
            stride,
            guarding,
            carved: 0,
            cold: Vec::new(),
            in_use: 0,
            valgrind: Vec::new(),
        };
        Mapping::leave_a_reserve().map_err(|source| StackError::Map { bytes, source })?;
        Ok(chunk)
    }

    /// Bytes from one stack to the next.
    pub(super) fn stride(class: Class) -> usize {
        class.bytes() + 2 * *PAGE
    }

    /// How many stacks there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.mapping.bytes() / self.stride
    }

    pub(super) fn carved(&self) -> usize {
        self.carved as usize
    }

    pub(super) fn reserved(&self) -> usize {
        self.mapping.bytes()
    }

    /// Bytes of memory behind the stacks: a walk over the page table, a few ns a page.
    pub(super) fn resident(&self) -> usize {
        let start = self.mapping.start();
        self.mapping.resident(start..start + self.carved() * self.stride)
    }

    /// Whether `take` would find a stack.
    pub(super) fn has_room(&self) -> bool {
        !self.cold.is_empty() || self.carved() < self.capacity()
    }

    /// Takes a cold stack, or else carves a new one; the pool knows this chunk as `chunk`.
    pub(super) fn take(&mut self, chunk: u32) -> Result<StackAddress, StackError> {
        match self.cold.pop() {
            Some(index) => Ok(self.address(chunk, index)),
            None => self.carve(chunk),
        }
    }

    /// Takes a stack back and gives its pages to the kernel.
    pub(super) fn cool(&mut self, address: &StackAddress) {
        let guarded = address.limit.get();
        let usable = guarded + *PAGE..guarded + self.stride;
        // SAFETY: the stack came back from its user; the range is all of it but the guard.
        unsafe { self.mapping.discard(usable) };
        self.cold.push(address.index);
    }

    fn carve(&mut self, chunk: u32) -> Result<StackAddress, StackError> {
        let address = self.address(chunk, self.carved);
        let guarded = address.limit.get();
        // SAFETY: this stack was never handed out.
        unsafe { self.mapping.guard(guarded..guarded + *PAGE, self.guarding) }
            .map_err(|source| StackError::Guard { source })?;
        self.valgrind.push(ValgrindStackRegistration::new(
            std::ptr::with_exposed_provenance_mut(guarded),
            self.stride,
        ));
        self.carved += 1;
        Ok(address)
    }

    fn address(&self, chunk: u32, index: u32) -> StackAddress {
        let limit = self.mapping.start() + index as usize * self.stride;
        let colour = index as usize % COLOURS * CACHE_LINE;
        let nowhere = "no mapping starts at address zero";
        StackAddress {
            base: NonZeroUsize::new(limit + self.stride - colour).expect(nowhere),
            limit: NonZeroUsize::new(limit).expect(nowhere),
            chunk,
            index,
        }
    }
}

impl Drop for StackChunk {
    /// Unmaps the chunk, unless a stack outlives it: that one must stay, so all do.
    fn drop(&mut self) {
        if self.in_use > 0 {
            return;
        }
        self.valgrind.clear();
        // SAFETY: no stack of this chunk is in use, and none can be taken any more.
        unsafe { self.mapping.unmap() };
    }
}
