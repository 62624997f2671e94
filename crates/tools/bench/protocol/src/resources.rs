//! What the kernel and the C library tell about this process.
#![allow(unsafe_code)]

use std::{fs::read_to_string, time::Duration};

/// Returns the processor time of all threads of this process, in user and in kernel mode.
pub(crate) fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing, and the clock exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Returns the allocated heap bytes, with headers and rounding.
pub(crate) fn heap_bytes() -> u64 {
    // SAFETY: `mallinfo2` takes no arguments and locks what it reads.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}

/// Returns the resident bytes. The second field of `statm` is their number in pages of 4 KiB
/// (x86-64).
pub(crate) fn resident_bytes() -> u64 {
    let statm = read_to_string("/proc/self/statm").expect("Linux has statm");
    let pages = statm.split_whitespace().nth(1).and_then(|field| field.parse::<u64>().ok());
    pages.expect("the second field is a number") * 4096
}

/// Returns the number of the calling thread.
pub(crate) fn thread() -> u64 {
    // SAFETY: `gettid` has no preconditions.
    unsafe { libc::gettid() as u64 }
}

/// Returns how many system calls of this process have written something, such as an `eventfd`.
pub(crate) fn writes() -> Option<u64> {
    field("/proc/self/io", "syscw:")
}

/// Returns how often a thread of this process has slept.
pub(crate) fn sleeps(thread: u64) -> Option<u64> {
    field(&format!("/proc/self/task/{thread}/status"), "voluntary_ctxt_switches:")
}

fn field(path: &str, key: &str) -> Option<u64> {
    let text = read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.trim().parse().ok()
}
