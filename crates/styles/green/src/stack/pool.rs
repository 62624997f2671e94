//! The free stacks of one OS thread, by size.
//!
//! ```text
//!             1                  2
//!   chunks -------> in use ------------> warm     at most 256 stacks in each class,
//!      ^             |  ^                 |       which keep their pages
//!      `----- 4 -----'  `------- 3 -------'
//! ```
//! 1. `take`, when no stack is warm.
//! 2. `give`.
//! 3. `take`, in the usual case. It pops a warm stack.
//! 4. `give`, when enough stacks are warm. The pages go back to the kernel, and so does the whole
//!    chunk when it is spare.
//!
//! A pool that ignores sizes gives a small stack to a caller that asked for a large one. A pool
//! without a bound keeps the largest amount of memory that it ever used (wasmer#3002, #6374).

use std::{array, cell::RefCell};

use super::{
    chunk::{StackAddress, StackChunk},
    error::StackError,
    mapping::Guarding,
    overflow, signal,
    size::Class,
    stats::StackStats,
};

/// The number of stacks that stay warm in each class. Each keeps only the pages that were touched,
/// mostly one or two.
pub(super) const WARM_STACKS: usize = 256;

/// The largest sum of the sizes of all warm stacks of a class. So 128 stacks of 1 MiB stay warm.
pub(super) const WARM_BYTES: usize = 128 << 20;

/// The first chunk of a class has this many stacks: 16.25 MiB of address space for 512 KiB stacks.
const FIRST_CHUNK: usize = 32;

/// The largest chunk with more than one stack: 16 GiB of address space, 32,263 stacks of 512 KiB.
const LARGEST_CHUNK: usize = 1 << 34;

thread_local! {
    /// The pools of this OS thread, set up when its first stack is taken.
    pub(super) static POOLS: RefCell<StackPools> = RefCell::new(StackPools::new());
}

/// One pool for each size class.
#[derive(Debug)]
pub(super) struct StackPools {
    classes: [StackPool; Class::COUNT],
    /// The stack on which the overflow handler runs. It is here to live as long as the pools.
    _alternate_stack: Option<signal::AlternateStack>,
}

impl StackPools {
    fn new() -> StackPools {
        signal::install_once();
        let guarding = Guarding::probed();
        StackPools {
            classes: array::from_fn(|class| StackPool::new(Class(class as u8), guarding)),
            _alternate_stack: signal::AlternateStack::if_missing(),
        }
    }

    #[inline]
    pub(super) fn of(&mut self, class: Class) -> &mut StackPool {
        &mut self.classes[usize::from(class.0)]
    }

    pub(super) fn stats(&self) -> StackStats {
        let mut stats = StackStats::default();
        for pool in &self.classes {
            pool.add_to(&mut stats);
        }
        stats
    }
}

impl Drop for StackPools {
    /// The thread-locals of this OS thread are being dropped. A green thread may be suspended
    /// inside `LocalKey::with`, with a borrow of a thread-local that is gone. So from now on no
    /// green thread is resumed, not even to unwind it. A loop that was dropped before this could
    /// not notice.
    fn drop(&mut self) {
        overflow::refuse_resumes();
    }
}

/// The stacks of one class.
#[derive(Debug)]
pub(super) struct StackPool {
    class: Class,
    guarding: Guarding,
    /// The number of free stacks that may keep their pages.
    most_warm: usize,
    /// The free stacks that keep their pages. The stack that was given back last is on top, because
    /// it is the likeliest to be in the cache.
    warm: Vec<StackAddress>,
    /// The number of free stacks, warm and cold.
    pooled: usize,
    /// The chunks by index. `None` is in the place of a chunk that was unmapped, so that the others
    /// keep their index.
    chunks: Vec<Option<StackChunk>>,
}

impl StackPool {
    pub(super) fn new(class: Class, guarding: Guarding) -> StackPool {
        StackPool {
            class,
            guarding,
            most_warm: WARM_STACKS.min(WARM_BYTES / class.bytes()),
            warm: Vec::new(),
            pooled: 0,
            chunks: Vec::new(),
        }
    }

    /// Takes the stack that was given back last, or else a cold one, or else a new one.
    #[inline]
    pub(super) fn take(&mut self) -> Result<StackAddress, StackError> {
        let address = match self.warm.pop() {
            Some(address) => address,
            None => self.take_from_chunk()?,
        };
        self.pooled -= 1;
        self.chunk(address.chunk).in_use += 1;
        Ok(address)
    }

    /// Takes a stack back. It stays warm, or turns cold, or is unmapped with its chunk.
    #[inline]
    pub(super) fn give(&mut self, address: StackAddress) {
        self.pooled += 1;
        let chunk = self.chunk(address.chunk);
        chunk.in_use -= 1;
        if chunk.in_use == 0 && self.is_spare(address.chunk) {
            self.unmap(address.chunk);
        } else if self.warm.len() < self.most_warm {
            self.warm.push(address);
        } else {
            self.chunk(address.chunk).cool(&address);
        }
    }

    /// Takes a cold stack or a new one. Prefers early chunks, so that late chunks become empty and
    /// can be unmapped.
    #[cold]
    fn take_from_chunk(&mut self) -> Result<StackAddress, StackError> {
        let has_room =
            |chunk: &Option<StackChunk>| chunk.as_ref().is_some_and(StackChunk::has_room);
        let index = match self.chunks.iter().position(has_room) {
            Some(index) => index as u32,
            None => self.grow()?,
        };
        let carved = self.chunk(index).carved();
        let address = self.chunk(index).take(index)?;
        self.pooled += self.chunk(index).carved() - carved;
        Ok(address)
    }

    /// Maps a chunk as large as all other chunks together. If address space is short, maps the
    /// largest chunk that still leaves a reserve. Returns the index of the chunk.
    fn grow(&mut self) -> Result<u32, StackError> {
        let mapped: usize = self.chunks.iter().flatten().map(StackChunk::capacity).sum();
        let most = (LARGEST_CHUNK / StackChunk::stride(self.class)).max(1);
        let mut count = mapped.max(FIRST_CHUNK).min(most);
        let chunk = loop {
            match StackChunk::map(self.class, count, self.guarding) {
                Ok(chunk) => break chunk,
                Err(_) if count > 1 => count /= 2,
                Err(error) => return Err(error),
            }
        };
        let index = match self.chunks.iter().position(Option::is_none) {
            Some(hole) => hole,
            None => {
                self.chunks.push(None);
                self.chunks.len() - 1
            }
        };
        self.chunks[index] = Some(chunk);
        Ok(index as u32)
    }

    /// Returns whether an unused chunk should be unmapped. It should, if the other chunks have as
    /// many free stacks as may be warm, or if this chunk has far more stacks than that.
    ///
    /// Either way, many stacks have to be taken before a chunk is unmapped again. So a green thread
    /// that starts and ends maps nothing. Stacks larger than [`WARM_BYTES`] are the exception: none
    /// of them is kept.
    fn is_spare(&mut self, index: u32) -> bool {
        let carved = self.chunk(index).carved();
        self.pooled >= carved + self.most_warm || carved > 4 * self.most_warm
    }

    #[cold]
    fn unmap(&mut self, index: u32) {
        self.pooled -= self.chunk(index).carved();
        self.warm.retain(|address| address.chunk != index);
        self.chunks[index as usize] = None;
    }

    fn add_to(&self, stats: &mut StackStats) {
        stats.pooled += self.pooled;
        for chunk in self.chunks.iter().flatten() {
            stats.in_use += chunk.in_use as usize;
            stats.mappings += 1;
            stats.reserved_bytes += chunk.reserved();
            stats.resident_bytes += chunk.resident();
        }
    }

    #[inline]
    fn chunk(&mut self, index: u32) -> &mut StackChunk {
        self.chunks[index as usize]
            .as_mut()
            .expect("a chunk stays while one of its stacks is in use")
    }
}
