//! [`ReadyQueue`]: the tasks that may be resumed, first come first served, a turn at a time.
//!
//! ```text
//!  turn    ┌───┬───┬───┬───┐  taken from the front; when it is used up, the turn is over
//!          └───┴───┴───┴───┘
//!  later   ┌───┬───┐          everything that becomes ready meanwhile: the next turn
//!          └───┴───┘
//! ```
//!
//! Two vectors that change places cost less than one ring: no index wraps.

use super::slot_key::SlotKey;

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    turn: Vec<SlotKey>,
    /// How many of `turn` have been taken.
    taken: usize,
    later: Vec<SlotKey>,
}

impl ReadyQueue {
    #[inline]
    pub(crate) fn push(&mut self, key: SlotKey) {
        self.later.push(key);
    }

    /// Begins a turn with all that are ready. What a panicking trace left of the turn before comes
    /// first, and is a turn of its own.
    pub(crate) fn begin_turn(&mut self) {
        if self.taken == self.turn.len() {
            self.turn.clear();
            self.taken = 0;
            std::mem::swap(&mut self.turn, &mut self.later);
        }
    }

    /// Takes the next of this turn.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<SlotKey> {
        let key = *self.turn.get(self.taken)?;
        self.taken += 1;
        Some(key)
    }

    /// How many are ready.
    pub(crate) fn len(&self) -> usize {
        self.turn.len() - self.taken + self.later.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.turn.len() && self.later.is_empty()
    }
}

/// For a loop with a schedule, which keeps those that are ready in a line of its own.
impl ReadyQueue {
    /// What has become ready and is not in line yet.
    pub(crate) fn later(&self) -> &[SlotKey] {
        &self.later
    }

    pub(crate) fn retain_later(&mut self, mut stays: impl FnMut(SlotKey) -> bool) {
        self.later.retain(|key| stays(*key));
    }

    /// The first `n` of these are in line now, or late.
    pub(crate) fn forget_later(&mut self, n: usize) {
        self.later.drain(..n);
    }

    /// Begins a turn with this task alone.
    pub(crate) fn begin_turn_with(&mut self, key: SlotKey) {
        self.turn.clear();
        self.turn.push(key);
        self.taken = 0;
    }
}
