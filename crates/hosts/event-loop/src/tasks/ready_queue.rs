//! [`ReadyQueue`]: a queue of the tasks that are ready. The first to become ready is resumed first.
//!
//! ```text
//!         taken         turn_end      pushed
//!           ▼             ▼             ▼
//!  ┌───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┐  The loop takes the tasks of this turn. Tasks
//!  │       │ this turn     │ later         │    │  that become ready meanwhile wait behind them,
//!  └───┴───┴───┴───┴───┴───┴───┴───┴───┴───┴───┘  for the next turn.
//! ```
//!
//! The queue is a ring. Its length is a power of two, so that a number becomes a place by a mask,
//! without a branch. That is cheaper than `VecDeque`, and than two vectors that change places.

use super::slot_key::SlotKey;

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    /// A task at each place, and any keys at the places that are free.
    ring: Vec<SlotKey>,
    /// Number of tasks that have been taken out. This number and the next two may wrap around.
    taken: usize,
    /// The value of `taken` at the end of this turn.
    turn_end: usize,
    /// Number of tasks that have been put in.
    pushed: usize,
}

/// A ring of this length, 8 KiB, never shrinks.
const LARGE: usize = 1_024;

impl ReadyQueue {
    #[inline]
    pub(crate) fn push(&mut self, key: SlotKey) {
        if self.len() == self.ring.len() {
            self.grow();
        }
        let place = self.place(self.pushed);
        self.ring[place] = key;
        self.pushed = self.pushed.wrapping_add(1);
    }

    /// Begins a turn with all tasks that are ready. If a trace has panicked in the middle of a
    /// turn, the rest of that turn comes first, as a turn of its own.
    #[inline]
    pub(crate) fn begin_turn(&mut self) {
        if self.taken == self.turn_end {
            if self.ring.len() > LARGE && self.len() < self.ring.len() / 16 {
                self.shrink();
            }
            self.turn_end = self.pushed;
        }
    }

    /// Returns the number of tasks of this turn that are left.
    pub(crate) fn left(&self) -> usize {
        self.turn_end.wrapping_sub(self.taken)
    }

    /// Ends this turn after its next `n` tasks, and returns them.
    pub(crate) fn end_turn_after(&mut self, n: usize) -> impl Iterator<Item = SlotKey> {
        self.turn_end = self.taken.wrapping_add(n);
        (0..n).map(|n| self.ring[self.place(self.taken.wrapping_add(n))])
    }

    /// Takes the next task of this turn.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<SlotKey> {
        if self.taken == self.turn_end {
            return None;
        }
        let key = self.ring[self.place(self.taken)];
        self.taken = self.taken.wrapping_add(1);
        Some(key)
    }

    /// Returns the number of ready tasks.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.pushed.wrapping_sub(self.taken)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.pushed == self.taken
    }

    #[inline]
    fn place(&self, number: usize) -> usize {
        number & self.ring.len().wrapping_sub(1)
    }

    /// Doubles the ring.
    #[cold]
    fn grow(&mut self) {
        self.rotate();
        self.ring.resize((self.ring.len() * 2).max(8), SlotKey(0));
    }

    /// Gives most of the memory back after a turn with many tasks.
    #[cold]
    fn shrink(&mut self) {
        self.rotate();
        self.ring.truncate(self.len().next_power_of_two().max(LARGE));
        self.ring.shrink_to_fit();
    }

    /// Moves the tasks to the start of the ring.
    fn rotate(&mut self) {
        let place = self.place(self.taken);
        self.ring.rotate_left(place);
        (self.turn_end, self.pushed) = (self.turn_end.wrapping_sub(self.taken), self.len());
        self.taken = 0;
    }
}

/// For a loop with a schedule, which has a queue of its own. Between two turns of such a loop, all
/// tasks here have become ready since the last turn.
impl ReadyQueue {
    /// Returns all tasks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SlotKey> {
        let key = |n| self.ring[self.place(self.taken.wrapping_add(n))];
        (0..self.len()).map(key)
    }

    /// Removes the first `n` tasks.
    pub(crate) fn forget(&mut self, n: usize) {
        self.taken = self.taken.wrapping_add(n);
        self.turn_end = self.taken;
    }

    /// Begins a turn that consists of this task. No other task is here.
    pub(crate) fn begin_turn_with(&mut self, key: SlotKey) {
        self.push(key);
        self.begin_turn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn behaves_like_a_queue_with_a_mark(operations in prop::collection::vec(0..8, 0..400)) {
            let (mut ready, mut model, mut in_turn) = (ReadyQueue::default(), VecDeque::new(), 0);
            ready.grow();
            // The numbers soon wrap around.
            [ready.taken, ready.turn_end, ready.pushed] = [usize::MAX - 20; 3];
            for (number, operation) in (0..).zip(operations) {
                match operation {
                    0..4 => {
                        ready.push(SlotKey(number));
                        model.push_back(SlotKey(number));
                    }
                    4..7 => {
                        let expected = if in_turn > 0 { model.pop_front() } else { None };
                        in_turn -= usize::from(expected.is_some());
                        prop_assert_eq!(ready.take(), expected);
                    }
                    _ => {
                        ready.begin_turn();
                        in_turn = if in_turn > 0 { in_turn } else { model.len() };
                    }
                }
                prop_assert_eq!((ready.len(), ready.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }

    #[test]
    fn the_queue_shrinks_after_a_turn_with_many_tasks() {
        let mut ready = ReadyQueue::default();
        (0..10_000).for_each(|number| ready.push(SlotKey(number)));
        ready.begin_turn();
        assert_eq!((0..9_998).filter_map(|_| ready.take()).count(), 9_998);
        ready.push(SlotKey(10_000));
        assert_eq!([9_998, 9_999].map(|number| ready.take() == Some(SlotKey(number))), [true; 2]);
        assert_eq!((ready.take(), ready.ring.len()), (None, 16_384));
        ready.begin_turn();
        assert_eq!((ready.take(), ready.take()), (Some(SlotKey(10_000)), None));
        assert_eq!(ready.ring.capacity(), LARGE);
    }
}
