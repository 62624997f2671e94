//! The memory of suspended tasks: resident pages and heap bytes, read as the last task suspends.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::{ContenderAnswer, Sample, resources};

// With statics a task needs no field to reach them. Such a field would be measured, too.
static SUSPENDED: AtomicUsize = AtomicUsize::new(0);
static DUE: AtomicUsize = AtomicUsize::new(0);
static BEFORE: OnceLock<Occupied> = OnceLock::new();
static AFTER: OnceLock<Occupied> = OnceLock::new();

/// The bytes that the process occupies.
#[derive(Clone, Copy, Debug)]
struct Occupied {
    /// Bytes in physical memory, as the kernel counts them.
    resident: u64,
    /// Bytes allocated on the heap, with headers and rounding.
    heap: u64,
}

/// Counts a task that will now suspend for ever. The last task reads the memory.
#[inline]
pub fn count_suspended() {
    if SUSPENDED.fetch_add(1, Relaxed) + 1 == DUE.load(Relaxed) {
        AFTER.get_or_init(now);
    }
}

/// Returns whether all tasks have counted themselves.
pub fn all_suspended() -> bool {
    AFTER.get().is_some()
}

/// Prints the answer and ends the process. A contender calls it when all tasks are suspended and it
/// could not return without dropping a million of them.
///
/// # Panics
///
/// Panics when fewer tasks suspended than were due.
pub fn answer_and_exit() -> ! {
    let answer = ContenderAnswer::Measured(result().expect("all tasks are suspended"));
    println!("{}", serde_json::to_string(&answer).expect("an answer has a JSON form"));
    std::process::exit(0)
}

/// Runs `suspend`, which suspends `n` tasks, and returns the memory that they added.
///
/// It must be called once per process. A second call would reuse the pages that the first one
/// freed, and the growth would be too small.
///
/// # Errors
///
/// When fewer tasks suspended than were due.
pub(crate) fn added(n: usize, suspend: impl FnOnce()) -> Result<Sample, String> {
    DUE.store(n, Relaxed);
    BEFORE.get_or_init(now);
    suspend();
    result()
}

fn result() -> Result<Sample, String> {
    let suspended = SUSPENDED.load(Relaxed);
    let before = BEFORE.get().ok_or("nothing was measured")?;
    let after = AFTER.get().ok_or(format!("only {suspended} tasks suspended"))?;
    Ok(Sample {
        operations: DUE.load(Relaxed) as u64,
        resident: Some(after.resident.saturating_sub(before.resident)),
        heap: Some(after.heap.saturating_sub(before.heap)),
        ..Sample::default()
    })
}

fn now() -> Occupied {
    Occupied { resident: resources::resident_bytes(), heap: resources::heap_bytes() }
}
