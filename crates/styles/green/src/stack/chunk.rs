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
//! **Colouring.** The topmost bytes of a suspended stack are used most. If all tops were aligned to
//! a page, they would compete for the same cache sets. So there are 32 different tops. The colour
//! is the distance of a top from the end of its page.
//!
//! The colour needs a page of its own, or else it would take a part of the 64 KiB. So the stride,
//! which is the distance from one stack to the next, is no power of two. That is faster with 1,000
//! stacks, and makes no difference with more. Nanoseconds for a switch, round-robin, median of
//! seven interleaved runs:
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
//! 1. `carve`, which installs the guard page.
//! 2. `cool`.
//! 3. `take`.
//!
//! The chunk does not record which stacks are warm. The pool does.

use std::num::NonZeroUsize;

use corosensei::stack::valgrind::ValgrindStackRegistration;

use super::{
    error::StackError,
    mapping::{Guarding, Mapping, PAGE},
    size::Class,
};

const COLOURS: usize = 32;
const CACHE_LINE: usize = 64;

/// The address of one stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct StackAddress {
    /// The end of the stack: the address after its highest byte. It depends on the colour.
    pub(super) base: NonZeroUsize,
    /// The lowest address, at which the guard page starts.
    pub(super) limit: NonZeroUsize,
    /// The index of its chunk in the pool.
    pub(super) chunk: u32,
    /// Its index in the chunk.
    pub(super) index: u32,
}

/// A mapping that is cut into stacks, and the state of these stacks.
#[derive(Debug)]
pub(super) struct StackChunk {
    mapping: Mapping,
    stride: usize,
    guarding: Guarding,
    /// The number of stacks that were handed out at least once. They are the first of the chunk.
    /// The others have no guard page yet.
    carved: u32,
    /// The indices of the carved stacks whose pages were given back.
    cold: Vec<u32>,
    /// The number of stacks that green threads own. The pool counts it.
    pub(super) in_use: u32,
    valgrind: Vec<ValgrindStackRegistration>,
}

impl StackChunk {
    /// Maps room for `count` stacks, and leaves some address space for other code.
    pub(super) fn map(
        class: Class,
        count: usize,
        guarding: Guarding,
    ) -> Result<StackChunk, StackError> {
        let stride = StackChunk::stride(class);
        let bytes = stride * count;
        let mapping = Mapping::new(bytes).map_err(|source| StackError::Map { bytes, source })?;
        // If the next call fails, the chunk is dropped, and so it is unmapped again.
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

    /// Returns the number of bytes from one stack to the next.
    pub(super) fn stride(class: Class) -> usize {
        class.bytes() + 2 * *PAGE
    }

    /// Returns the number of stacks for which there is room.
    pub(super) fn capacity(&self) -> usize {
        self.mapping.bytes() / self.stride
    }

    pub(super) fn carved(&self) -> usize {
        self.carved as usize
    }

    pub(super) fn reserved(&self) -> usize {
        self.mapping.bytes()
    }

    /// Returns the number of bytes of memory behind the stacks. It asks the kernel about each page,
    /// which takes a few ns a page.
    pub(super) fn resident(&self) -> usize {
        let start = self.mapping.start();
        self.mapping.resident(start..start + self.carved() * self.stride)
    }

    /// Returns whether `take` would find a stack.
    pub(super) fn has_room(&self) -> bool {
        !self.cold.is_empty() || self.carved() < self.capacity()
    }

    /// Takes a cold stack, or else carves a new one. `chunk` is the index of this chunk in the
    /// pool.
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
        // SAFETY: the user of the stack has given it back. The range is the stack without the
        // guard.
        unsafe { self.mapping.discard(usable) };
        self.cold.push(address.index);
    }

    fn carve(&mut self, chunk: u32) -> Result<StackAddress, StackError> {
        let address = self.address(chunk, self.carved);
        let guarded = address.limit.get();
        // SAFETY: this stack was never handed out, so it is not in use.
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
        let reason = "no mapping starts at address zero";
        StackAddress {
            base: NonZeroUsize::new(limit + self.stride - colour).expect(reason),
            limit: NonZeroUsize::new(limit).expect(reason),
            chunk,
            index,
        }
    }
}

impl Drop for StackChunk {
    /// Unmaps the chunk. If a stack of it is still in use, the whole chunk stays mapped.
    fn drop(&mut self) {
        if self.in_use > 0 {
            return;
        }
        self.valgrind.clear();
        // SAFETY: no stack of this chunk is in use, and none can be taken any more.
        unsafe { self.mapping.unmap() };
    }
}
