//! [`LateWakes`]: wakes that a schedule has delayed, and spurious wakes that it has planned.

use std::collections::BTreeMap;

use crate::tasks::slot_key::SlotKey;

/// Wakes that are still to come, ordered by time. Wakes that are due at the same time keep the
/// order in which they were put.
#[derive(Debug, Default)]
pub(crate) struct LateWakes {
    entries: BTreeMap<(u64, u64), (SlotKey, LateWake)>,
    put: u64,
}

/// The kind of a late wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateWake {
    /// The task was woken before. It enters the queue when the delay is over.
    Delayed,
    /// The task is woken for no reason when the time has come.
    Spurious,
}

impl LateWakes {
    /// Keeps this wake for the task until `due`, in nanoseconds since the loop was made.
    pub(crate) fn put(&mut self, due: u64, key: SlotKey, kind: LateWake) {
        self.entries.insert((due, self.put), (key, kind));
        self.put += 1;
    }

    /// Removes and returns the first wake, if it is due.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<(SlotKey, LateWake)> {
        let first = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// Returns whether a task that was woken is kept out of the queue.
    pub(crate) fn has_delayed(&self) -> bool {
        self.entries.values().any(|(_, kind)| *kind == LateWake::Delayed)
    }

    /// Removes and returns all such tasks, whether they are due or not.
    pub(crate) fn take_delayed(&mut self) -> impl Iterator<Item = SlotKey> {
        let delayed = self.entries.extract_if(.., |_, (_, kind)| *kind == LateWake::Delayed);
        delayed.map(|(_, (key, _))| key)
    }

    /// Returns when the first wake is due.
    pub(crate) fn next(&self) -> Option<u64> {
        self.entries.first_key_value().map(|((due, _), _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_equals_in_the_order_they_were_put() {
        let [a, b, c] = [1, 2, 3].map(|slot| SlotKey::new(0, slot, 0));
        let mut late = LateWakes::default();
        late.put(20, a, LateWake::Delayed);
        late.put(10, b, LateWake::Spurious);
        late.put(20, c, LateWake::Delayed);
        assert_eq!((late.next(), late.pop_due(9)), (Some(10), None));
        let all: Vec<_> = std::iter::from_fn(|| late.pop_due(20)).map(|(key, _)| key).collect();
        assert_eq!((all, late.next()), (vec![b, a, c], None));
    }
}
