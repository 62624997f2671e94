//! The memory of suspended tasks: resident pages and heap bytes, read as the last task suspends.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::heap;

// With statics a task needs no field to reach them. Such a field would be measured, too.
static SUSPENDED: AtomicUsize = AtomicUsize::new(0);
static DUE: AtomicUsize = AtomicUsize::new(0);
static AFTER: OnceLock<Occupied> = OnceLock::new();

/// The bytes that the process occupies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occupied {
    /// Bytes in physical memory, as the kernel counts them.
    pub resident: u64,
    /// Bytes allocated on the heap, with headers and rounding.
    pub heap: u64,
}

/// Counts a task that will now suspend for ever. The last task reads the memory.
#[inline]
pub(crate) fn count_suspended() {
    if SUSPENDED.fetch_add(1, Relaxed) + 1 == DUE.load(Relaxed) {
        AFTER.get_or_init(now);
    }
}

/// Returns whether all tasks have counted themselves.
pub(crate) fn all_suspended() -> bool {
    AFTER.get().is_some()
}

/// Runs `suspend`, which suspends `tasks` tasks, and returns the memory that they added.
///
/// It must be called once per process. A second call would reuse the pages that the first one
/// freed, and the growth would be too small.
///
/// # Errors
///
/// When fewer tasks suspended than were due.
pub(crate) fn added(tasks: usize, suspend: impl FnOnce()) -> Result<Occupied, String> {
    DUE.store(tasks, Relaxed);
    let before = now();
    suspend();
    let suspended = SUSPENDED.load(Relaxed);
    let after = AFTER.get().ok_or(format!("only {suspended} tasks suspended"))?;
    Ok(Occupied {
        resident: after.resident.saturating_sub(before.resident),
        heap: after.heap.saturating_sub(before.heap),
    })
}

fn now() -> Occupied {
    Occupied { resident: resident(), heap: heap::bytes() }
}

/// Returns the resident bytes. The second field of `statm` is their number in pages of 4 KiB
/// (x86-64).
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has statm");
    let pages = statm.split_whitespace().nth(1).and_then(|field| field.parse::<u64>().ok());
    pages.expect("the second field is a number") * 4096
}
