//! [`TaskTimers`]: at most one deadline per task, in one heap or in the buckets of a wheel.
//!
//! Up to 1,024 deadlines are one heap, which fits into the fastest cache of a processor. If there
//! are more, time is divided into ticks of 262 µs. Bucket 0, the heap, has the deadlines up to the
//! current tick. Later deadlines are in buckets that cover one tick, 64 ticks, 4,096 ticks, and so
//! on:
//!
//! ```text
//!  level 0     level 1: 64 buckets    level 2: 64 buckets        level 3: 64 buckets
//!  ┌───┐  │ ┌───┬───┬───┬─    ─┬───┐ ┌────┬────┬────┬─   ─┬────┐ ┌─────┬─────┬─────┬─
//!  │now│  │ │   │ 1 │ 1 │ ...  │ 1 │ │    │ 64 │ 64 │ ... │ 64 │ │     │4,096│4,096│ ...  ticks
//!  └───┘  │ └───┴───┴───┴─    ─┴───┘ └────┴────┴────┴─   ─┴────┘ └─────┴─────┴─────┴─
//! ```
//!
//! The level of a deadline is the highest digit, in base 64, in which its tick differs from the
//! current tick. That digit is the number of its bucket in the level. So each deadline of a bucket
//! is before each deadline of the next bucket. When the first tick of a bucket comes, its
//! deadlines move to the buckets of lower levels. From level 1, they are taken out.
//!
//! To arm, to cancel or to move a deadline takes a constant time, because most buckets have no
//! order. A bucket becomes a heap when its earliest deadline is asked for. So deadlines are exact
//! to the nanosecond, and equal ones come in the order in which they were armed. `places` finds the
//! entry of a task, so a cancel removes it, and old entries never accumulate.

use std::mem;

use super::timer_bucket::{Place, SharedEntries, TimerBucket, TimerEntry};

/// Deadlines are nanoseconds since the loop was made.
#[derive(Debug)]
pub(crate) struct TaskTimers {
    /// The buckets of each level, one level after another. The last ones are added when they are
    /// needed.
    buckets: Vec<TimerBucket>,
    /// For each level, a bit for each bucket that is not empty.
    occupied: [u64; LEVELS],
    /// The current tick, or `LAST_TICK` while all deadlines are in bucket 0.
    tick: u64,
    shared: SharedEntries,
    armed: u64,
    len: usize,
}

const TICK_BITS: u32 = 18;
const DIGIT_BITS: u32 = 6;
/// Number of buckets in a level.
const WIDTH: u32 = 1 << DIGIT_BITS;
/// A deadline has 64 bits. Level 0 has no digit.
const LEVELS: usize = (u64::BITS - TICK_BITS).div_ceil(DIGIT_BITS) as usize + 1;
/// Number of deadlines that are one heap. Tests need a wheel with fewer.
const FEW: usize = if cfg!(test) { 8 } else { 1_024 };
/// The last tick of all. While it is the current one, all deadlines are in bucket 0.
const LAST_TICK: u64 = u64::MAX >> TICK_BITS;
const NOWHERE: Place = Place { bucket: u32::MAX, index: u32::MAX };

impl Default for TaskTimers {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            occupied: [0; LEVELS],
            tick: LAST_TICK,
            shared: SharedEntries::default(),
            armed: 0,
            len: 0,
        }
    }
}

impl TaskTimers {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the earliest deadline.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let bucket = self.first_bucket()?;
        Some(self.buckets[bucket as usize].first(&mut self.shared).deadline)
    }

    /// Returns the deadline of the task in `slot`.
    pub(crate) fn get(&self, slot: u32) -> Option<u64> {
        let place = self.place(slot)?;
        Some(self.buckets[place.bucket as usize].at(place.index, &self.shared).deadline)
    }

    /// Replaces the deadline of the task in `slot`. `None` removes it. A deadline that stays the
    /// same keeps its position among equal deadlines.
    pub(crate) fn set(&mut self, slot: u32, deadline: Option<u64>) {
        if let Some(place) = self.place(slot) {
            let bucket = &self.buckets[place.bucket as usize];
            if deadline == Some(bucket.at(place.index, &self.shared).deadline) {
                return;
            }
            self.remove(slot, place);
        }
        if let Some(deadline) = deadline {
            self.armed += 1;
            self.len += 1;
            self.insert(TimerEntry { deadline, armed: self.armed, slot });
            if self.len > FEW && self.tick == LAST_TICK {
                self.divide();
            }
        }
    }

    /// Removes the earliest deadline and returns the slot of its task, if the deadline is not after
    /// `now`.
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<u32> {
        let bucket = self.due_bucket(now >> TICK_BITS)?;
        let first = self.buckets[bucket as usize].first(&mut self.shared);
        if first.deadline > now {
            return None;
        }
        self.remove(first.slot, Place { bucket, index: 0 });
        Some(first.slot)
    }

    /// Like `pop_due`, for as many deadlines as fit into `due`. Returns their number.
    pub(crate) fn pop_all_due(&mut self, now: u64, due: &mut [u32]) -> usize {
        let popped = due.iter_mut().map_while(|due| self.pop_due(now).map(|slot| *due = slot));
        popped.count()
    }

    /// Returns the bucket with the earliest deadline, if its first tick is not after `tick`. The
    /// bucket is on a level that is not divided further.
    #[inline]
    fn due_bucket(&mut self, tick: u64) -> Option<u32> {
        loop {
            let bucket = self.first_bucket()?;
            if bucket == 0 {
                return Some(bucket);
            }
            let start = self.first_tick(bucket);
            if start > tick {
                self.tick = self.tick.max(tick);
                return None;
            }
            if bucket < 2 * WIDTH {
                return Some(bucket);
            }
            self.tick = start;
            self.spread(bucket);
        }
    }

    /// Divides the heap of all deadlines into the buckets of the wheel.
    #[cold]
    fn divide(&mut self) {
        self.tick = self.buckets[0].first(&mut self.shared).deadline >> TICK_BITS;
        self.spread(0);
    }

    /// Moves the entries of a bucket, whose first tick has come, to lower levels.
    fn spread(&mut self, bucket: u32) {
        self.note_empty(bucket);
        let mut spread = mem::take(&mut self.buckets[bucket as usize]);
        while let Some(entry) = spread.pop(&mut self.shared) {
            self.insert(entry);
        }
        spread.give_back_heap(&mut self.shared);
    }

    #[inline]
    fn insert(&mut self, entry: TimerEntry) {
        let bucket = self.bucket(entry.deadline >> TICK_BITS);
        if bucket as usize >= self.buckets.len() {
            self.buckets.resize_with(bucket as usize + 1, TimerBucket::default);
        }
        let slot = entry.slot as usize;
        if slot >= self.shared.places.len() {
            self.shared.places.resize(slot + 1, NOWHERE);
        }
        self.shared.places[slot].bucket = bucket;
        self.occupied[(bucket / WIDTH) as usize] |= 1 << (bucket % WIDTH);
        let is_heap = bucket == 0;
        self.buckets[bucket as usize].push(entry, is_heap, &mut self.shared);
    }

    #[inline]
    fn remove(&mut self, slot: u32, place: Place) {
        self.len -= 1;
        let bucket = &mut self.buckets[place.bucket as usize];
        bucket.remove(slot, place.index, &mut self.shared);
        self.shared.places[slot as usize] = NOWHERE;
        if bucket.len() == 0 {
            bucket.give_back_heap(&mut self.shared);
            self.note_empty(place.bucket);
        }
        if self.len == 0 {
            self.tick = LAST_TICK;
            self.shared.shrink();
        }
    }

    fn note_empty(&mut self, bucket: u32) {
        self.occupied[(bucket / WIDTH) as usize] &= !(1 << (bucket % WIDTH));
    }

    fn place(&self, slot: u32) -> Option<Place> {
        self.shared
            .places
            .get(slot as usize)
            .copied()
            .filter(|place| place.bucket != NOWHERE.bucket)
    }

    /// Returns the bucket for the deadlines of a tick.
    #[inline]
    fn bucket(&self, tick: u64) -> u32 {
        if tick <= self.tick {
            return 0;
        }
        let digit = (tick ^ self.tick).ilog2() / DIGIT_BITS;
        (digit + 1) * WIDTH + (tick >> (digit * DIGIT_BITS)) as u32 % WIDTH
    }

    /// Returns the bucket with the earliest deadline.
    #[inline]
    fn first_bucket(&self) -> Option<u32> {
        let level = self.occupied.iter().position(|occupied| *occupied != 0)?;
        Some(level as u32 * WIDTH + self.occupied[level].trailing_zeros())
    }

    /// Returns the first tick that a bucket, other than bucket 0, covers.
    #[inline]
    fn first_tick(&self, bucket: u32) -> u64 {
        let digit = bucket / WIDTH - 1;
        let higher = self.tick >> (digit * DIGIT_BITS) >> DIGIT_BITS << DIGIT_BITS;
        (higher | u64::from(bucket % WIDTH)) << (digit * DIGIT_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::timer_bucket::KEPT_ROOM, *};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Operation {
        /// Sets the deadline of a slot to this much after the latest time, or after zero.
        Set(u32, Option<(bool, u64)>),
        /// Takes out one deadline, if it is due this much after the latest time.
        PopDue(u64),
        /// Takes out all deadlines that are due this much after the latest time.
        PopAllDue(u64),
        Next,
    }

    /// Times of each level, many of them equal or at the edge of a bucket.
    fn time() -> impl Strategy<Value = u64> {
        let bits = || 0..u64::BITS;
        prop_oneof![
            3 => 0..40_u64,
            2 => (bits(), 0..3_u64).prop_map(|(bits, after)| (1 << bits) + after),
            2 => (bits(), 1..3_u64).prop_map(|(bits, before)| (u64::MAX >> bits) ^ before),
            3 => (bits(), any::<u64>()).prop_map(|(bits, time)| time >> bits),
            1 => Just(u64::MAX),
        ]
    }

    fn operation() -> impl Strategy<Value = Operation> {
        let after = || (20..u64::BITS, time()).prop_map(|(bits, time)| time >> bits);
        let deadline = (prop::bool::weighted(0.8), time());
        prop_oneof![
            8 => (0..50_u32, prop::option::weighted(0.75, deadline))
                .prop_map(|(slot, deadline)| Operation::Set(slot, deadline)),
            2 => after().prop_map(Operation::PopDue),
            1 => after().prop_map(Operation::PopAllDue),
            2 => Just(Operation::Next),
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

        fn next(&self) -> Option<u64> {
            self.timers.keys().next().map(|key| key.0)
        }
    }

    #[test]
    fn memory_follows_the_number_of_deadlines() {
        let mut timers = TaskTimers::default();
        for round in 0..3 {
            for slot in 0..20_000 {
                timers.set(slot, Some(1 << 40 | u64::from(slot / 2) << 20));
            }
            assert!(timers.next().is_some());
            for slot in 0..20_000 {
                match round {
                    0 => timers.set(slot, None),
                    _ => assert_eq!(timers.pop_due(u64::MAX), Some(slot)),
                }
            }
            let room: usize = timers.buckets.iter().map(|bucket| bucket.heap.capacity()).sum();
            assert_eq!((timers.len, timers.shared.chunks.capacity(), room), (0, 0, 0));
            assert!(timers.shared.spare_heap.capacity() <= KEPT_ROOM);
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(operations in prop::collection::vec(operation(), 0..400)) {
            let (mut timers, mut model, mut now) = (TaskTimers::default(), Model::default(), 0_u64);
            for operation in operations {
                match operation {
                    Operation::Set(slot, deadline) => {
                        let deadline = deadline.map(|(is_later, time)| match is_later {
                            true => now.saturating_add(time),
                            false => time,
                        });
                        timers.set(slot, deadline);
                        model.set(slot, deadline);
                    }
                    Operation::PopDue(after) => {
                        now = now.saturating_add(after);
                        prop_assert_eq!(timers.pop_due(now), model.pop_due(now));
                    }
                    Operation::PopAllDue(after) => {
                        now = now.saturating_add(after);
                        while let Some(slot) = model.pop_due(now) {
                            prop_assert_eq!(timers.pop_due(now), Some(slot));
                        }
                        prop_assert_eq!(timers.pop_due(now), None);
                    }
                    Operation::Next => prop_assert_eq!(timers.next(), model.next()),
                }
                prop_assert_eq!(timers.len, model.timers.len());
                prop_assert_eq!(timers.is_empty(), model.timers.is_empty());
            }
            while let Some(slot) = model.pop_due(u64::MAX) {
                prop_assert_eq!(timers.pop_due(u64::MAX), Some(slot));
            }
        }
    }
}
