//! [`ReadyQueue`]: a queue of the tasks that are ready. The first to become ready is resumed first.
//!
//! ```text
//!  turn    ┌───┬───┬───┬───┐  The loop takes tasks from the front. When none is left, the
//!          └───┴───┴───┴───┘  turn is over.
//!  later   ┌───┬───┐          Tasks that become ready meanwhile wait here for the next turn.
//!          └───┴───┘
//! ```
//!
//! Two vectors that change places cost less than one ring buffer, because no index wraps around.

use super::slot_key::SlotKey;

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    turn: Vec<SlotKey>,
    /// Number of tasks that have been taken out of `turn`.
    taken: usize,
    later: Vec<SlotKey>,
}

impl ReadyQueue {
    #[inline]
    pub(crate) fn push(&mut self, key: SlotKey) {
        self.later.push(key);
    }

    /// Begins a turn with all tasks that are ready. If a trace has panicked in the middle of a
    /// turn, the rest of that turn comes first, as a turn of its own.
    pub(crate) fn begin_turn(&mut self) {
        if self.taken == self.turn.len() {
            self.turn.clear();
            self.taken = 0;
            std::mem::swap(&mut self.turn, &mut self.later);
        }
    }

    /// Takes the next task of this turn.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<SlotKey> {
        let key = *self.turn.get(self.taken)?;
        self.taken += 1;
        Some(key)
    }

    /// Returns the number of ready tasks.
    pub(crate) fn len(&self) -> usize {
        self.turn.len() - self.taken + self.later.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.turn.len() && self.later.is_empty()
    }
}

/// For a loop with a schedule, which has a queue of its own.
impl ReadyQueue {
    /// Returns the tasks that have become ready and are not in the schedule's queue yet.
    pub(crate) fn later(&self) -> &[SlotKey] {
        &self.later
    }

    pub(crate) fn retain_later(&mut self, mut stays: impl FnMut(SlotKey) -> bool) {
        self.later.retain(|key| stays(*key));
    }

    /// Removes the first `n` of these tasks. They are in the schedule's queue now, or delayed.
    pub(crate) fn forget_later(&mut self, n: usize) {
        self.later.drain(..n);
    }

    /// Begins a turn that consists of this task.
    pub(crate) fn begin_turn_with(&mut self, key: SlotKey) {
        self.turn.clear();
        self.turn.push(key);
        self.taken = 0;
    }
}
