//! Coloured stacks for the limit of the green style, carved from one mapping.
//!
//! ```text
//! one mapping  |<-- 64 KiB -->|<-- 64 KiB -->|<-- 64 KiB -->| ...
//! stack 0       limit     base|
//! stack 1                      limit    base··|              64 bytes lower
//! stack 2                                     limit base····|  128 lower, and so on to 31 * 64
//! ```
//!
//! If all bases are aligned to pages, the stacks compete for the same cache sets. The offset of a
//! base, its colour, spreads them over all sets.
#![allow(unsafe_code)]

use std::num::NonZeroUsize;

use corosensei::stack::{Stack, StackPointer};

/// The distance from one stack to the next. Only pages that are touched take memory.
const STACK_BYTES: usize = 64 * 1024;

/// A stack in a mapping that is never unmapped.
#[derive(Debug)]
pub(super) struct Colored {
    base: NonZeroUsize,
    limit: NonZeroUsize,
}

impl Colored {
    /// Returns the lowest address, by which stacks are sorted.
    pub(super) fn address(&self) -> usize {
        self.limit.get()
    }
}

// SAFETY: `base` and `limit` bound more than 62 KiB that nothing else uses and nothing unmaps; both
// are multiples of 16. There is no guard page: this type never leaves this program, whose bodies
// use a few hundred bytes of their stacks and do not recurse.
unsafe impl Stack for Colored {
    fn base(&self) -> StackPointer {
        self.base
    }

    fn limit(&self) -> StackPointer {
        self.limit
    }
}

/// Carves `n` stacks from a new mapping. The last stack comes first, so that a pool, which takes
/// from the end, starts with the first.
///
/// # Panics
///
/// Panics when the kernel refuses the address space.
pub(super) fn carve(n: usize) -> Vec<Colored> {
    let start = map(n * STACK_BYTES);
    let stack = |index: usize| {
        let limit = start + index * STACK_BYTES;
        let base = limit + STACK_BYTES - index % 32 * 64;
        let address = |a| NonZeroUsize::new(a).expect("a mapping is never at address zero");
        Colored { base: address(base), limit: address(limit) }
    };
    (0..n).rev().map(stack).collect()
}

fn map(bytes: usize) -> usize {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new private mapping, at an address of the kernel's choice, overlaps nothing.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    assert!(
        start != libc::MAP_FAILED,
        "mmap of {bytes} bytes: {}",
        std::io::Error::last_os_error()
    );
    // SAFETY: the range is the mapping just made. Huge pages would make 32 stacks resident at once.
    unsafe { libc::madvise(start, bytes, libc::MADV_NOHUGEPAGE) };
    start as usize
}
