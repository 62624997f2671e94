//! Heap bytes in use, asked of the C library's allocator.
//!
//! A counting global allocator would slow down what `spawn` measures; this costs nothing until
//! asked.
#![allow(unsafe_code)]

/// Returns the bytes handed out, headers and rounding included.
pub(crate) fn bytes() -> u64 {
    // SAFETY: `mallinfo2` takes no arguments and locks what it reads.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}
