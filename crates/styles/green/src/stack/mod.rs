//! Stacks for green threads: cut from large mappings, guarded, coloured and pooled.
//!
//! In reading order: a `Stack` is what a coroutine owns; `pool` keeps the free ones of an OS
//! thread; `chunk` cuts a mapping into stacks; `mapping` has the system calls; `size` is how large
//! a stack is; `stats` counts stacks; `error` is what can go wrong; `pointer` says on which stack
//! one is; `overflow` says whose stack was too small, from the handler in `signal`.
//!
//! | 64 KiB stacks, Linux 6.18, 2-core x86-64 | `MADV_GUARD_INSTALL` | `mprotect` |
//! |---|---|---|
//! | most stacks | memory's limit | 31,741 (by default) |
//! | mappings at 100,000 and 1,000,000 | 13 and 18 | 2 a stack |
//! | take a new one | 0.9 us | 2.7 us |
//! | take and give a warm one | 9 ns | 9 ns |
//! | give back a cold one, with its page | 1.6 us | 4.3 us |
//! | resident once touched | 4,096 bytes + 140 of page table | the same |

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

/// A stack of this OS thread, for one green thread. Drop gives it back to the thread's pool.
///
/// It is not `Send`: a green thread never leaves its OS thread, and so the pool needs no lock.
#[derive(Debug)]
pub(crate) struct Stack {
    address: StackAddress,
    class: Class,
    not_send: PhantomData<*mut ()>,
}

impl Stack {
    /// Takes a stack with at least `size` usable bytes: rounded up to a power of two, and to
    /// [`SMALLEST_STACK`]. A few ns if one is pooled.
    ///
    /// # Errors
    ///
    /// When `size` is more than [`LARGEST_STACK`], or the kernel gives no more memory.
    #[inline]
    pub(crate) fn take(size: usize) -> Result<Stack, StackError> {
        let class = Class::of(size)?;
        let address = POOLS
            .try_with(|pools| pools.borrow_mut().of(class).take())
            .unwrap_or(Err(StackError::ThreadEnding))?;
        Ok(Stack { address, class, not_send: PhantomData })
    }

    /// The usable bytes promised. A few more are there, up to a page, depending on the colour.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.class.bytes()
    }

    /// The addresses that fault.
    fn guard(&self) -> Range<usize> {
        let limit = self.address.limit.get();
        limit..limit + *PAGE
    }

    /// The addresses that a green thread may use. Its frames are all among them.
    pub(crate) fn usable(&self) -> Range<usize> {
        self.guard().end..self.address.base.get()
    }
}

impl Drop for Stack {
    #[inline]
    fn drop(&mut self) {
        // The pools are gone if this stack was kept in a thread-local that dies after them. They
        // left its chunk mapped, and there it stays.
        let _ = POOLS.try_with(|pools| pools.borrow_mut().of(self.class).give(self.address));
    }
}

// SAFETY: the memory between the guard page at the limit and the base is mapped, writable, at least
// `SMALLEST_STACK` bytes, and nobody else's until drop; the base is aligned to a cache line.
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
