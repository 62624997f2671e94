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

use crate::waker::Key;

#[derive(Debug, Default)]
pub(crate) struct ReadyQueue {
    turn: Vec<Key>,
    /// How many of `turn` have been taken.
    taken: usize,
    later: Vec<Key>,
}

impl ReadyQueue {
    #[inline]
    pub(crate) fn push(&mut self, key: Key) {
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
    pub(crate) fn take(&mut self) -> Option<Key> {
        let key = *self.turn.get(self.taken)?;
        self.taken += 1;
        Some(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.taken == self.turn.len() && self.later.is_empty()
    }
}
