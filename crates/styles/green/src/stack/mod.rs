//! Stacks for green threads: cut from large mappings, guarded, coloured and pooled.
//!
//! *Coloured* means that the tops of stacks have different places in their pages. Otherwise they
//! would compete for the same cache sets (see `chunk`).
//!
//! The modules, in reading order:
//!
//! * this file: a `Stack`, which a coroutine owns;
//! * `pool`: the free stacks of an OS thread;
//! * `chunk`: a mapping that is cut into stacks;
//! * `mapping`: the system calls;
//! * `size`: the sizes of stacks, and the default size;
//! * `stats`: the number of stacks, and their memory;
//! * `error`: the reasons why there is no stack;
//! * `pointer`: the stack pointer, which shows on which stack the code runs;
//! * `overflow`: the message that names the green thread whose stack was too small;
//! * `signal`: the signal handler that prints this message.
//!
//! A stack is *warm* while it is free and keeps its pages, and *cold* after they have been given
//! back to the kernel.
//!
//! | 64 KiB stacks, Linux 6.18, 2-core x86-64 | `MADV_GUARD_INSTALL` | `mprotect` |
//! |---|---|---|
//! | largest number of stacks | limited by memory | 31,741 (by default) |
//! | mappings for 100,000 / 1,000,000 stacks | 13 / 18 | 2 for each stack |
//! | take a new stack | 0.9 us | 2.7 us |
//! | take and give back a warm stack | 9 ns | 9 ns |
//! | give back a stack that turns cold, with its page | 1.6 us | 4.3 us |
//! | memory of a stack with one touched page | 4,096 bytes, and 140 bytes of page table | the same |

mod pool;
mod chunk;
mod mapping;
mod size;
mod stats;
mod error;
pub(crate) mod pointer;
pub(crate) mod overflow;
mod signal;
#[cfg(test)]
mod tests;

use std::{marker::PhantomData, ops::Range};

use corosensei::stack::StackPointer;

use self::{chunk::StackAddress, mapping::PAGE, pool::POOLS, size::Class};
pub use self::{
    error::StackError,
    size::{DEFAULT_STACK_SIZE, LARGEST_STACK, SMALLEST_STACK, stack_size, use_stack_size},
    stats::{StackStats, stats},
};

/// A stack of this OS thread, for one green thread. Dropping it returns it to the pool of the
/// thread.
///
/// It is not `Send`, because a green thread never leaves its OS thread. So the pool needs no lock.
#[derive(Debug)]
pub(crate) struct Stack {
    address: StackAddress,
    class: Class,
    not_send: PhantomData<*mut ()>,
}

impl Stack {
    /// Takes a stack with at least `size` usable bytes. The size is rounded up to a power of two,
    /// and to at least [`SMALLEST_STACK`]. Takes a few ns if a warm stack is in the pool.
    ///
    /// # Errors
    ///
    /// When `size` is more than [`LARGEST_STACK`], or the kernel gives no more memory. Also
    /// [`StackError::ThreadEnding`], when the thread-locals of this OS thread are being dropped and
    /// its pools are gone.
    #[inline]
    pub(crate) fn take(size: usize) -> Result<Stack, StackError> {
        let class = Class::of(size)?;
        let taken = POOLS.try_with(|pools| pools.borrow_mut().of(class).take());
        let address = taken.map_err(|_| StackError::ThreadEnding).flatten()?;
        Ok(Stack { address, class, not_send: PhantomData })
    }

    /// Returns the number of usable bytes that the size class promises. A stack has up to a page
    /// more, depending on its colour (see `chunk`).
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.class.bytes()
    }

    /// Returns the addresses of the guard page, where every access faults.
    fn guard(&self) -> Range<usize> {
        let limit = self.address.limit.get();
        limit..limit + *PAGE
    }

    /// Returns the addresses that a green thread may use. All its frames are among them.
    pub(crate) fn usable(&self) -> Range<usize> {
        self.guard().end..self.address.base.get()
    }
}

impl Drop for Stack {
    #[inline]
    fn drop(&mut self) {
        // The pools are gone if this stack was kept in a thread-local that is dropped after them.
        // In that case the pools were dropped but did not unmap this stack's chunk. The chunk is
        // never unmapped.
        let _ = POOLS.try_with(|pools| pools.borrow_mut().of(self.class).give(self.address));
    }
}

// SAFETY: the memory between the guard page at the limit and the base is mapped, writable, and at
// least `SMALLEST_STACK` bytes. Until drop no other code uses it. The base is aligned to a cache
// line.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.address.base
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.address.limit
    }
}
