//! The only file of this crate that reads the time.

use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets time pass with nothing else running on this thread.
pub(crate) fn block_for(duration: Duration) {
    thread::sleep(duration);
}
