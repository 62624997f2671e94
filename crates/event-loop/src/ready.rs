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

use std::time::Duration;

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

/// For a loop with a schedule: the turn is a line, from which tasks are taken out of order.
impl ReadyQueue {
    /// What has become ready and is not in line yet.
    pub(crate) fn later(&self) -> &[Key] {
        &self.later
    }

    pub(crate) fn retain_later(&mut self, mut stays: impl FnMut(Key) -> bool) {
        self.later.retain(|key| stays(*key));
    }

    /// Puts the first of these at the end of the line, one for each delay, but for those that come
    /// late.
    pub(crate) fn line_up(&mut self, delays: &[Duration]) {
        let arrivals = self.later.drain(..delays.len()).zip(delays);
        self.turn.extend(arrivals.filter(|(_, delay)| delay.is_zero()).map(|(key, _)| key));
    }

    pub(crate) fn line(&self) -> &[Key] {
        &self.turn
    }

    pub(crate) fn retain_in_line(&mut self, mut stays: impl FnMut(Key) -> bool) {
        self.turn.retain(|key| stays(*key));
    }

    pub(crate) fn take_from_line(&mut self, index: usize) -> Key {
        self.turn.remove(index)
    }
}
