//! [`TaskTimers`]: at most one deadline per task, in a heap. `places` has the position of each
//! task's entry in the heap.
//!
//! ```text
//!  places:   slot 0  slot 1  slot 2  slot 3          heap:        (10 ms, 1st)  slot 2
//!            │  1  │ NONE  │   0   │   2   │                     ╱      │
//!            └──┬──┴───────┴───┬───┴───┬───┘          (10 ms, 2nd)  (30 ms, 3rd)
//!               └──────────────┴───────┴─────►           slot 0        slot 3
//! ```
//!
//! An entry has four children instead of two. That halves the number of levels, and the children
//! share cache lines. A task's entry can be found, so changing a deadline moves the entry, and
//! cancelling removes it. Old entries never accumulate. Equal deadlines come in the order they were
//! armed.

/// The heap. Deadlines are nanoseconds since the loop was made.
#[derive(Debug, Default)]
pub(crate) struct TaskTimers {
    heap: Vec<TimerEntry>,
    places: Vec<u32>,
    armed: u64,
}

#[derive(Clone, Copy, Debug)]
struct TimerEntry {
    deadline: u64,
    /// The number of timers that were armed up to this one. It orders equal deadlines.
    armed: u64,
    slot: u32,
}

const CHILDREN: usize = 4;
const NONE: u32 = u32::MAX;

impl TaskTimers {
    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<u64> {
        self.heap.first().map(|entry| entry.deadline)
    }

    /// Replaces the deadline of the task in `slot`. `None` removes it. A deadline that stays the
    /// same keeps its position among equal deadlines.
    pub(crate) fn set(&mut self, slot: u32, deadline: Option<u64>) {
        let place = self.place(slot);
        match (place, deadline) {
            (Some(place), Some(deadline)) if self.heap[place].deadline == deadline => {}
            (Some(place), Some(deadline)) => {
                let entry = self.entry(slot, deadline);
                self.replace(place, entry);
            }
            (None, Some(deadline)) => {
                let entry = self.entry(slot, deadline);
                self.heap.push(entry);
                self.rise(self.heap.len() - 1, entry);
            }
            (Some(place), None) => self.remove(place),
            (None, None) => {}
        }
    }

    fn entry(&mut self, slot: u32, deadline: u64) -> TimerEntry {
        self.armed += 1;
        TimerEntry { deadline, armed: self.armed, slot }
    }

    /// Removes the earliest deadline and returns the slot of its task, if the deadline is not after
    /// `now`.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<u32> {
        let first = *self.heap.first().filter(|entry| entry.deadline <= now)?;
        self.remove(0);
        Some(first.slot)
    }

    fn place(&self, slot: u32) -> Option<usize> {
        let place = *self.places.get(slot as usize)?;
        (place != NONE).then_some(place as usize)
    }

    fn remove(&mut self, place: usize) {
        let gone = self.heap[place];
        self.places[gone.slot as usize] = NONE;
        let last = self.heap.pop().expect("the heap has the entry at `place`");
        if last.slot != gone.slot {
            self.replace(place, last);
        }
    }

    /// Puts `entry` where another one was.
    fn replace(&mut self, place: usize, entry: TimerEntry) {
        if place > 0 && entry.is_before(&self.heap[(place - 1) / CHILDREN]) {
            self.rise(place, entry);
        } else {
            self.sink(place, entry);
        }
    }

    fn rise(&mut self, mut place: usize, entry: TimerEntry) {
        while place > 0 {
            let parent = (place - 1) / CHILDREN;
            if !entry.is_before(&self.heap[parent]) {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
    }

    fn sink(&mut self, mut place: usize, entry: TimerEntry) {
        while let Some(child) = self.first_child(place) {
            if !self.heap[child].is_before(&entry) {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, entry);
    }

    /// Returns the child with the earliest deadline.
    fn first_child(&self, place: usize) -> Option<usize> {
        let children = place * CHILDREN + 1..(place * CHILDREN + 1 + CHILDREN).min(self.heap.len());
        children.reduce(|a, b| if self.heap[b].is_before(&self.heap[a]) { b } else { a })
    }

    fn put(&mut self, place: usize, entry: TimerEntry) {
        self.heap[place] = entry;
        let slot = entry.slot as usize;
        if slot >= self.places.len() {
            self.places.resize(slot + 1, NONE);
        }
        self.places[slot] = u32::try_from(place).expect("fewer timers than slots");
    }
}

impl TimerEntry {
    fn is_before(&self, other: &TimerEntry) -> bool {
        (self.deadline, self.armed) < (other.deadline, other.armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Sets the deadline of a slot, or takes out what is due.
    type Operation = Result<(u32, Option<u64>), u64>;

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            4 => (0..50_u32, prop::option::weighted(0.75, 0..40_u64)).prop_map(Ok),
            2 => (0..40_u64).prop_map(Err),
        ]
    }

    /// The simplest code with the same behaviour: a sorted map that is searched from end to end.
    #[derive(Default)]
    struct Model {
        timers: BTreeMap<(u64, u64), u32>,
        armed: u64,
    }

    impl Model {
        fn set(&mut self, slot: u32, deadline: Option<u64>) {
            if self.timers.iter().any(|(key, s)| *s == slot && Some(key.0) == deadline) {
                return;
            }
            self.timers.retain(|_, s| *s != slot);
            self.timers.extend(deadline.map(|deadline| ((deadline, self.armed), slot)));
            self.armed += 1;
        }

        fn pop_due(&mut self, now: u64) -> Option<u32> {
            let (key, slot) = self.timers.first_key_value().map(|(k, s)| (*k, *s))?;
            (key.0 <= now).then(|| self.timers.remove(&key))?;
            Some(slot)
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(operations in prop::collection::vec(operation(), 0..400)) {
            let (mut timers, mut model) = (TaskTimers::default(), Model::default());
            for operation in operations {
                match operation {
                    Ok((slot, deadline)) => {
                        timers.set(slot, deadline);
                        model.set(slot, deadline);
                    }
                    Err(now) => prop_assert_eq!(timers.pop_due(now), model.pop_due(now)),
                }
                prop_assert_eq!(timers.heap.len(), model.timers.len());
                prop_assert_eq!(timers.next(), model.timers.keys().next().map(|key| key.0));
            }
        }
    }
}
