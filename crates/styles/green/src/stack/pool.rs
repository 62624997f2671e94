//! The free stacks of one OS thread, by size.
//!
//! ```text
//!             1                  2
//!   chunks -------> in use ------------> warm     at most 256 stacks in each class,
//!      ^             |  ^                 |       which keep their pages
//!      `----- 4 -----'  `------- 3 -------'
//! ```
//! 1: `take` when none is warm. 2: `give`. 3: `take`, the usual case: a pop. 4: `give` when enough
//! are warm: the pages go back to the kernel, and the whole chunk when it is spare.
//!
//! A pool that does not look at sizes hands a small stack to whoever asked for a large one, and a
//! pool without a bound keeps the memory of its worst minute (wasmer#3002, #6374).

use std::{array, cell::RefCell};

use super::{
    chunk::{StackAddress, StackChunk},
    error::StackError,
    mapping::Guarding,
    overflow, signal,
    size::Class,
    stats::StackStats,
};

/// How many stacks stay warm in each class. What they really hold is what was touched, mostly a
/// page or two each.
pub(super) const WARM_STACKS: usize = 256;

/// Fewer of them, so that they are not larger than this together: 128 stacks of 1 MiB.
pub(super) const WARM_BYTES: usize = 128 << 20;

/// The first chunk of a class has this many stacks: 16.25 MiB of address space for 512 KiB stacks.
const FIRST_CHUNK: usize = 32;

/// No chunk is larger, if one stack is not: 16 GiB of address space, 32,263 stacks of 512 KiB.
const LARGEST_CHUNK: usize = 1 << 34;

thread_local! {
    /// The pools of this OS thread, set up when its first stack is taken.
    pub(super) static POOLS: RefCell<StackPools> = RefCell::new(StackPools::new());
}

/// One pool for each size class.
#[derive(Debug)]
pub(super) struct StackPools {
    classes: [StackPool; Class::COUNT],
    /// Where the overflow handler runs; here so that it lives as long as the stacks do.
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
    /// inside `LocalKey::with`, with a borrow of one that is gone; so none is resumed any more, not
    /// even to unwind it. What is dropped before this cannot know.
    fn drop(&mut self) {
        overflow::resume_no_more();
    }
}

/// The stacks of one class.
#[derive(Debug)]
pub(super) struct StackPool {
    class: Class,
    guarding: Guarding,
    /// How many stacks may keep their pages.
    most_warm: usize,
    /// Free stacks with their pages, the last one back on top: it is the likeliest in the cache.
    warm: Vec<StackAddress>,
    /// Free stacks, warm and cold.
    pooled: usize,
    /// Where a chunk was unmapped there is a hole, so that the others keep their place.
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

    /// Takes the stack given back last, else a cold one, else a new one.
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

    /// Takes a stack back. It stays warm, or turns cold, or goes with its chunk.
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

    /// Prefers early chunks, so that late ones empty and can be unmapped.
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

    /// Maps a chunk as large as all the others together, or, where address space is short, what
    /// can be had and leaves a reserve.
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

    /// Whether a chunk nobody uses should go: there are as many free stacks elsewhere as may be
    /// warm, or it has had far more than that. Either way many stacks have to be taken before one
    /// goes again, so a green thread that comes and goes maps nothing; but for stacks larger than
    /// [`WARM_BYTES`], of which nothing is kept.
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
        self.chunks[index as usize].as_mut().expect("a chunk stays while a stack of it is out")
    }
}
