//! What the two ends of a channel share.

use std::{collections::VecDeque, num::NonZeroUsize};

use crate::sync::wait_queue::{Deferred, WaitQueue};

/// ```text
///   send ─► sending: a queue ─► values: up to capacity ─► receiving: a queue ─► recv
/// ```
///
/// While anybody is in the queue, room belongs to the first in it: a send that comes later waits
/// behind it. So values go in in the order in which their sends began. It is the same with values
/// and receives.
pub(super) struct State<T> {
    pub(super) values: VecDeque<T>,
    pub(super) capacity: Option<NonZeroUsize>,
    /// The senders and the sends that have not ended.
    pub(super) senders: usize,
    /// The receiver and the receives that have not ended.
    pub(super) receivers: usize,
    pub(super) sending: WaitQueue,
    pub(super) receiving: WaitQueue,
}

impl<T> State<T> {
    /// Whether one more value may go in.
    pub(super) fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.values.len() < capacity.get())
    }

    /// Puts a value in and tells the receive that has it now: as many are told as there are values.
    pub(super) fn put(&mut self, value: T, deferred: &mut Deferred) {
        self.values.push_back(value);
        self.receiving.tell(self.values.len() - 1, deferred);
    }

    /// Takes a value out and tells the send that has the room now: as many are told as there is
    /// room.
    pub(super) fn take(&mut self, deferred: &mut Deferred) -> Option<T> {
        let value = self.values.pop_front()?;
        let room = self.capacity.map_or(1, |capacity| capacity.get() - self.values.len());
        self.sending.tell(room - 1, deferred);
        Some(value)
    }

    /// Tells the first send if there is room for it.
    pub(super) fn tell_next_to_send(&mut self, deferred: &mut Deferred) {
        if self.has_room() {
            self.sending.tell(0, deferred);
        }
    }

    /// Tells the first receive if there is a value for it.
    pub(super) fn tell_next_to_receive(&mut self, deferred: &mut Deferred) {
        if !self.values.is_empty() {
            self.receiving.tell(0, deferred);
        }
    }
}
