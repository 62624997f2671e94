//! What suspended tasks occupy: resident pages and heap bytes, read as the last one suspends.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::heap;

// Statics, so that a task needs no field to reach them: the field would be measured too.
static SUSPENDED: AtomicUsize = AtomicUsize::new(0);
static DUE: AtomicUsize = AtomicUsize::new(0);
static AFTER: OnceLock<Occupied> = OnceLock::new();

/// Bytes the process occupies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occupied {
    /// In physical memory, as the kernel counts.
    pub resident: u64,
    /// Handed out by the allocator, its headers and rounding included.
    pub heap: u64,
}

/// Counts a task that is about to suspend for good; the last one reads the memory.
#[inline]
pub(crate) fn suspend_one() {
    if SUSPENDED.fetch_add(1, Relaxed) + 1 == DUE.load(Relaxed) {
        AFTER.get_or_init(now);
    }
}

/// Says whether all tasks have come to their suspension.
pub(crate) fn all_suspended() -> bool {
    AFTER.get().is_some()
}

/// Runs `hold`, which suspends `tasks` tasks, and returns what they added.
///
/// Works once per process: pages freed by an earlier run would be used again, and not be seen.
///
/// # Errors
///
/// Says so when fewer tasks suspended than were due.
pub(crate) fn added(tasks: usize, hold: impl FnOnce()) -> Result<Occupied, String> {
    DUE.store(tasks, Relaxed);
    let before = now();
    hold();
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

/// The second field of `statm` is the resident set in pages of 4 KiB (x86-64).
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux offers statm");
    let pages = statm.split_whitespace().nth(1).and_then(|field| field.parse::<u64>().ok());
    pages.expect("the second field is a number") * 4096
}
