//! Probes: sleeps, and giving the processor away.

use std::{thread, time::Duration};

use super::StdProbe;

pub(super) const PROBES: &[StdProbe] = &[
    ("std::thread::sleep", |probing| {
        probing.call(|| thread::sleep(Duration::from_millis(1)));
        Ok(())
    }),
    ("std::thread::yield_now", |probing| {
        probing.call(thread::yield_now);
        Ok(())
    }),
];
