//! [`TimerBucket`]: deadlines in no order, which become a heap when the earliest is asked for.
//!
//! ```text
//!  no order:  the bucket ──► [ e f _ _ ] ──► [ a b c d ]      chunks of a vector that all buckets
//!                                                             share
//!  heap:      (10 ms, 1st)
//!             ╱      │           An entry has four children instead of two. That halves the
//!    (10 ms, 2nd)  (30 ms, 3rd)  number of levels, and the children share cache lines.
//! ```
//!
//! Chunks are used again. So a bucket that grows allocates nothing, and moves no entry.

use std::mem;

/// The deadline of a task, in nanoseconds since the loop was made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimerEntry {
    pub(super) deadline: u64,
    /// The number of timers that were armed up to this one. It orders equal deadlines.
    pub(super) armed: u64,
    pub(super) slot: u32,
}

/// Where the entry of a task is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) bucket: u32,
    /// The index of the entry in the bucket's heap, or among the entries of all chunks.
    pub(super) index: u32,
}

#[derive(Debug, Default)]
pub(super) struct TimerBucket {
    /// While this has entries, it has all entries of the bucket.
    pub(super) heap: Vec<TimerEntry>,
    /// Number of entries in the bucket's chunks.
    unordered: u32,
    /// The last chunk of the bucket, if it has any. The chunks before are full.
    chunk: u32,
}

/// The data that all buckets share.
#[derive(Debug)]
pub(super) struct SharedEntries {
    pub(super) chunks: Vec<Chunk>,
    /// The first unused chunk, or `NO_CHUNK`.
    unused: u32,
    /// The memory of the last heap.
    pub(super) spare_heap: Vec<TimerEntry>,
    /// For each slot, the place of its entry.
    pub(super) places: Vec<Place>,
}

#[derive(Debug)]
pub(super) struct Chunk {
    entries: [TimerEntry; CHUNK as usize],
    /// The chunk before this one in its bucket, or the next unused one.
    former: u32,
}

/// Number of entries in a chunk.
const CHUNK: u32 = 32;
const NO_CHUNK: u32 = u32::MAX;
const CHILDREN: usize = 4;

impl TimerBucket {
    pub(super) fn len(&self) -> usize {
        self.unordered as usize + self.heap.len()
    }

    #[inline]
    pub(super) fn at(&self, index: u32, shared: &SharedEntries) -> TimerEntry {
        match self.heap.is_empty() {
            true => *shared.entry(index),
            false => self.heap[index as usize],
        }
    }

    /// Adds an entry. The bucket becomes a heap if `is_heap`, and stays one.
    #[inline]
    pub(super) fn push(&mut self, entry: TimerEntry, is_heap: bool, shared: &mut SharedEntries) {
        if is_heap || !self.heap.is_empty() {
            self.take_spare_heap(shared);
            self.heap.push(entry);
            return self.rise(self.heap.len() - 1, entry, shared);
        }
        if self.unordered.is_multiple_of(CHUNK) {
            self.chunk = shared.take_chunk(self.chunk);
        }
        self.unordered += 1;
        shared.put(self.last(), entry);
    }

    /// The index of the last entry in the chunks.
    fn last(&self) -> u32 {
        self.chunk * CHUNK + (self.unordered - 1) % CHUNK
    }

    /// Takes any entry out.
    #[inline]
    pub(super) fn pop(&mut self, shared: &mut SharedEntries) -> Option<TimerEntry> {
        if self.unordered == 0 {
            return self.heap.pop();
        }
        let entry = *shared.entry(self.last());
        self.unordered -= 1;
        if self.unordered.is_multiple_of(CHUNK) {
            self.chunk = shared.give_back(self.chunk);
        }
        Some(entry)
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: u32, index: u32, shared: &mut SharedEntries) {
        let is_heap = !self.heap.is_empty();
        let last = self.pop(shared).expect("the bucket has an entry at `index`");
        match is_heap {
            _ if last.slot == slot => {}
            true => self.replace(index as usize, last, shared),
            false => shared.put(index, last),
        }
    }

    /// Uses the memory of a former heap.
    #[inline]
    fn take_spare_heap(&mut self, shared: &mut SharedEntries) {
        if self.heap.capacity() == 0 {
            self.heap = mem::take(&mut shared.spare_heap);
        }
    }

    /// Leaves the memory of the heap, which is empty, to the next bucket that becomes one.
    #[inline]
    pub(super) fn give_back_heap(&mut self, shared: &mut SharedEntries) {
        let heap = mem::take(&mut self.heap);
        if heap.capacity() > shared.spare_heap.capacity() && heap.capacity() <= KEPT_ROOM {
            shared.spare_heap = heap;
        }
    }

    /// Returns the entry with the earliest deadline. The bucket must not be empty.
    #[inline]
    pub(super) fn first(&mut self, shared: &mut SharedEntries) -> TimerEntry {
        if self.unordered > 0 {
            self.make_heap(shared);
        }
        self.heap[0]
    }

    fn make_heap(&mut self, shared: &mut SharedEntries) {
        self.take_spare_heap(shared);
        while self.unordered > 0 {
            let entry = self.pop(shared);
            self.heap.extend(entry);
        }
        for index in (0..self.heap.len()).rev() {
            self.sink(index, self.heap[index], shared);
        }
    }

    /// Puts `entry` where another one was.
    fn replace(&mut self, index: usize, entry: TimerEntry, shared: &mut SharedEntries) {
        if index > 0 && entry.is_before(&self.heap[(index - 1) / CHILDREN]) {
            self.rise(index, entry, shared);
        } else {
            self.sink(index, entry, shared);
        }
    }

    fn rise(&mut self, mut index: usize, entry: TimerEntry, shared: &mut SharedEntries) {
        while index > 0 {
            let parent = (index - 1) / CHILDREN;
            if !entry.is_before(&self.heap[parent]) {
                break;
            }
            self.put(index, self.heap[parent], shared);
            index = parent;
        }
        self.put(index, entry, shared);
    }

    fn sink(&mut self, mut index: usize, entry: TimerEntry, shared: &mut SharedEntries) {
        while let Some(child) = self.first_child(index) {
            if !self.heap[child].is_before(&entry) {
                break;
            }
            self.put(index, self.heap[child], shared);
            index = child;
        }
        self.put(index, entry, shared);
    }

    /// Returns the child with the earliest deadline.
    #[inline]
    fn first_child(&self, index: usize) -> Option<usize> {
        let first = index * CHILDREN + 1;
        let children = &self.heap.get(first..)?;
        let earlier = |a: usize, b: usize| if children[b].is_before(&children[a]) { b } else { a };
        let child = match children.len() {
            CHILDREN.. => earlier(earlier(0, 1), earlier(2, 3)),
            n => (0..n).reduce(earlier)?,
        };
        Some(first + child)
    }

    #[inline]
    fn put(&mut self, index: usize, entry: TimerEntry, shared: &mut SharedEntries) {
        self.heap[index] = entry;
        // A heap has fewer entries than the loop has slots.
        shared.places[entry.slot as usize].index = index as u32;
    }
}

impl SharedEntries {
    #[inline]
    fn entry(&self, index: u32) -> &TimerEntry {
        &self.chunks[(index / CHUNK) as usize].entries[(index % CHUNK) as usize]
    }

    #[inline]
    fn put(&mut self, index: u32, entry: TimerEntry) {
        self.chunks[(index / CHUNK) as usize].entries[(index % CHUNK) as usize] = entry;
        self.places[entry.slot as usize].index = index;
    }

    /// Returns an unused chunk, to be filled after the chunk `former`.
    fn take_chunk(&mut self, former: u32) -> u32 {
        if self.unused == NO_CHUNK {
            self.chunks.push(Chunk { entries: [TimerEntry::default(); CHUNK as usize], former });
            return self.chunks.len() as u32 - 1;
        }
        let chunk = &mut self.chunks[self.unused as usize];
        mem::replace(&mut self.unused, mem::replace(&mut chunk.former, former))
    }

    /// Takes a chunk back, and returns the one before it in its bucket.
    fn give_back(&mut self, chunk: u32) -> u32 {
        let next = mem::replace(&mut self.unused, chunk);
        mem::replace(&mut self.chunks[chunk as usize].former, next)
    }

    /// Gives the memory of all chunks back, if it is much. None must be in use.
    pub(super) fn shrink(&mut self) {
        if self.chunks.len() > KEPT_CHUNKS {
            (self.chunks, self.unused) = (Vec::new(), NO_CHUNK);
        }
    }
}

impl Default for SharedEntries {
    fn default() -> Self {
        Self { chunks: Vec::new(), unused: NO_CHUNK, spare_heap: Vec::new(), places: Vec::new() }
    }
}

/// Number of unused chunks that are kept when no deadline is armed.
const KEPT_CHUNKS: usize = 64;
/// Number of entries of the largest heap whose memory is kept. When the allocator of glibc gets
/// back 64 KiB or more, it looks at all small blocks that were freed before.
pub(super) const KEPT_ROOM: usize = 2_048;

impl TimerEntry {
    #[inline]
    fn is_before(&self, other: &TimerEntry) -> bool {
        // One comparison of 128 bits has no branch that the processor could mispredict.
        let key = |entry: &Self| u128::from(entry.deadline) << 64 | u128::from(entry.armed);
        key(self) < key(other)
    }
}
