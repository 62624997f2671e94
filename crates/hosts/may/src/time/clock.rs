//! The only file of this crate that reads the time.

use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Returns whether this instant comes within the 584 years that a loop can count in nanoseconds. A
/// later one never comes. So a sleep without end behaves the same, however long it is.
pub(crate) fn ever_is(deadline: Instant) -> bool {
    u64::try_from(deadline.saturating_duration_since(now()).as_nanos()).is_ok()
}

/// Blocks this thread for `duration`.
pub(crate) fn block_for(duration: Duration) {
    thread::sleep(duration);
}
