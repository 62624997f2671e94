//! Stacks for green threads: cut from large mappings, guarded, coloured and pooled.
//!
//! In reading order: a `Stack` is what a coroutine owns; `pool` keeps the free ones of an OS
//! thread; `chunk` cuts a mapping into stacks; `mapping` has the system calls; `error` is what can
//! go wrong; `size` is how large a stack is by default; `pointer` says on which stack one is; `overflow` says whose stack was too small, from the handler in `signal`.
//!
//! | 64 KiB stacks, Linux 6.18, 2-core x86-64 | `MADV_GUARD_INSTALL` | `mprotect` |
//! |---|---|---|
//! | most stacks | memory's limit | 31,741 (by default) |
//! | mappings at 100,000 and 1,000,000 | 13 and 18 | 2 a stack |
//! | take a new one | 0.9 us | 2.7 us |
//! | take and give a warm one | 9 ns | 9 ns |
//! | give back a cold one, with its page | 1.6 us | 4.3 us |
//! | resident once touched | 4,096 bytes + 140 of page table | the same |

mod chunk;
mod error;
mod mapping;
pub(crate) mod overflow;
pub(crate) mod pointer;
mod pool;
mod signal;
mod size;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::ops::Range;

use corosensei::stack::StackPointer;

use self::chunk::Slot;
pub use self::error::StackError;
use self::mapping::PAGE;
use self::pool::POOLS;
pub use self::size::{DEFAULT_STACK_SIZE, SMALLEST_STACK, stack_size, use_stack_size};

/// The largest stack: 1 GiB. Who asks for more has most likely miscounted.
pub const LARGEST_STACK: usize = 1 << 30;

/// A stack of this OS thread, for one green thread. Drop gives it back to the thread's pool.
///
/// It is not `Send`: a green thread never leaves its OS thread, and so the pool needs no lock.
#[derive(Debug)]
pub(crate) struct Stack {
    slot: Slot,
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
        let slot = POOLS
            .try_with(|pools| pools.borrow_mut().of(class).take())
            .unwrap_or(Err(StackError::ThreadEnding))?;
        Ok(Stack { slot, class, not_send: PhantomData })
    }

    /// The usable bytes promised. A few more are there, up to a page, depending on the colour.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.class.bytes()
    }

    /// The addresses that fault.
    fn guard(&self) -> Range<usize> {
        let limit = self.slot.limit.get();
        limit..limit + *PAGE
    }

    /// The addresses that a green thread may use. Its frames are all among them.
    fn usable(&self) -> Range<usize> {
        self.guard().end..self.slot.base.get()
    }
}

impl Drop for Stack {
    #[inline]
    fn drop(&mut self) {
        // The pools are gone if this stack was kept in a thread-local that dies after them. They
        // left its chunk mapped, and there it stays.
        let _ = POOLS.try_with(|pools| pools.borrow_mut().of(self.class).give(self.slot));
    }
}

// SAFETY: the memory between the guard page at the limit and the base is mapped, writable, at least
// `SMALLEST_STACK` bytes, and nobody else's until drop; the base is aligned to a cache line.
unsafe impl corosensei::stack::Stack for Stack {
    #[inline]
    fn base(&self) -> StackPointer {
        self.slot.base
    }

    #[inline]
    fn limit(&self) -> StackPointer {
        self.slot.limit
    }
}

/// A size class: stacks of 64 KiB, doubled this many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class(u8);

impl Class {
    /// One for each power of two from the smallest to the largest.
    const COUNT: usize = (LARGEST_STACK / SMALLEST_STACK).ilog2() as usize + 1;

    /// The smallest class whose stacks have `size` bytes.
    #[inline]
    fn of(size: usize) -> Result<Class, StackError> {
        if size > LARGEST_STACK {
            return Err(StackError::TooLarge { asked: size });
        }
        let rounded = size.max(SMALLEST_STACK).next_power_of_two();
        Ok(Class((rounded / SMALLEST_STACK).ilog2() as u8))
    }

    #[inline]
    const fn bytes(self) -> usize {
        SMALLEST_STACK << self.0
    }
}

/// What the stacks of one OS thread hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackStats {
    /// Stacks that belong to a green thread now.
    pub in_use: usize,
    /// Free stacks, ready to be taken again.
    pub pooled: usize,
    /// Mappings asked of the kernel. It may merge neighbours, and with `mprotect` guards splits
    /// them.
    pub mappings: usize,
    /// Bytes of address space.
    pub reserved_bytes: usize,
    /// Bytes of memory behind them.
    pub resident_bytes: usize,
}

/// Counts the stacks of the calling thread.
///
/// It asks the kernel about every page of every stack ever handed out (`mincore`): 9 ns a page,
/// 0.15 s for a million stacks of 64 KiB. All zeroes on an OS thread that is ending.
#[must_use]
pub fn stats() -> StackStats {
    POOLS.try_with(|pools| pools.borrow().stats()).unwrap_or_default()
}
