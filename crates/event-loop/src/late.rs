//! [`Late`]: wakes that a schedule puts off, and those that come for no reason.

use std::collections::BTreeMap;

use crate::waker::Key;

/// What is still to come, by time; what is due at the same time, in the order it was put.
#[derive(Debug, Default)]
pub(crate) struct Late {
    entries: BTreeMap<(u64, u64), (Key, Arrival)>,
    put: u64,
}

/// What comes late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The task was woken before, and stands in line from now on.
    Delayed,
    /// The task is woken now, for no reason.
    Spurious,
}

impl Late {
    /// Keeps this for the task until `due`, in nanoseconds since the loop was made.
    pub(crate) fn put(&mut self, due: u64, key: Key, arrival: Arrival) {
        self.entries.insert((due, self.put), (key, arrival));
        self.put += 1;
    }

    /// Takes out the first, if that is due.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<(Key, Arrival)> {
        let first = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// When the first is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.entries.first_key_value().map(|((due, _), _)| *due)
    }
}
