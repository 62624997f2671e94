//! The heap bytes in use, as the C library's allocator reports them.
//!
//! A global allocator that counts would slow down `spawn`. This costs nothing until it is called.
#![allow(unsafe_code)]

/// Returns the allocated bytes, with headers and rounding.
pub(crate) fn bytes() -> u64 {
    // SAFETY: `mallinfo2` takes no arguments and locks what it reads.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}
