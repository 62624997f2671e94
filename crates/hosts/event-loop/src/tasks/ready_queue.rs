//! [`ReadyQueue`]: a queue of the tasks that are ready. The first to become ready is resumed first.
//!
//! ```text
//!          taken
//!            ▼
//!  ┌───┬───┬───┬───┬───┐                The loop takes the tasks of this turn, from the first to
//!  │       │ this turn │                the last.
//!  └───┴───┴───┴───┴───┘
//!  ┌───┬───┬───┬ ─ ─ ─ ─                Tasks that become ready meanwhile wait for the next turn.
//!  │ later     │
//!  └───┴───┴───┴ ─ ─ ─ ─
//! ```
//!
//! When a turn begins, both change places.

use std::mem;

use super::slot_key::SlotKey;

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    /// The tasks of this turn.
    this_turn: Vec<SlotKey>,
    /// The number of them that have been taken.
    taken: usize,
    /// The tasks that have become ready since this turn began.
    later: Vec<SlotKey>,
}

/// A vector of this length, 8 KiB, never shrinks.
const LARGE: usize = 1_024;

impl ReadyQueue {
    #[inline]
    pub(crate) fn push(&mut self, key: SlotKey) {
        self.later.push(key);
    }

    /// Begins a turn with all tasks that are ready. If a trace has panicked in the middle of a
    /// turn, the rest of that turn comes first, as a turn of its own.
    #[inline]
    pub(crate) fn begin_turn(&mut self) {
        if self.taken == self.this_turn.len() {
            if self.this_turn.capacity() > LARGE {
                self.shrink();
            }
            self.this_turn.clear();
            self.taken = 0;
            mem::swap(&mut self.this_turn, &mut self.later);
        }
    }

    /// Gives most of the memory back if the tasks of this turn have needed little of it.
    #[cold]
    fn shrink(&mut self) {
        if self.this_turn.len() < self.this_turn.capacity() / 16 {
            self.this_turn.shrink_to(LARGE);
        }
    }

    /// Takes all tasks of this turn, to be put back in parts.
    pub(crate) fn take_turn(&mut self) -> Vec<SlotKey> {
        self.this_turn.drain(..mem::take(&mut self.taken));
        mem::take(&mut self.this_turn)
    }

    /// Puts some tasks of this turn back. All tasks here have been taken.
    pub(crate) fn put_back(&mut self, part: &[SlotKey]) {
        self.this_turn.clear();
        self.this_turn.extend_from_slice(part);
        self.taken = 0;
    }

    /// Ends a turn whose tasks were all taken, in parts.
    pub(crate) fn end_turn(&mut self, turn: Vec<SlotKey>) {
        self.taken = turn.len();
        self.this_turn = turn;
    }

    /// Takes the next task of this turn.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<SlotKey> {
        let key = *self.this_turn.get(self.taken)?;
        self.taken += 1;
        Some(key)
    }

    /// Returns the number of ready tasks.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.this_turn.len() - self.taken + self.later.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.later.is_empty() && self.taken == self.this_turn.len()
    }
}

/// For a loop with a schedule, which has a queue of its own. Between two turns of such a loop, all
/// tasks here have become ready since the last turn.
impl ReadyQueue {
    /// Returns all tasks.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SlotKey> {
        self.later.iter().copied()
    }

    /// Removes the first `n` tasks.
    pub(crate) fn forget(&mut self, n: usize) {
        self.later.drain(..n);
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
    fn the_queue_shrinks_after_turns_with_few_tasks() {
        let mut ready = ReadyQueue::default();
        for tasks in [10_000, 10_000, 1, 1, 1] {
            (0..tasks).for_each(|number| ready.push(SlotKey(number)));
            ready.begin_turn();
            (0..tasks).for_each(|number| assert_eq!(ready.take(), Some(SlotKey(number))));
            assert_eq!(ready.take(), None);
        }
        assert_eq!([ready.this_turn.capacity(), ready.later.capacity()], [LARGE; 2]);
    }
}
