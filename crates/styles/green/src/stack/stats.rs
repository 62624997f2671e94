//! How many stacks an OS thread has, and how much memory they take.

use super::pool::POOLS;

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
