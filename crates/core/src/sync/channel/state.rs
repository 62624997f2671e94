//! The state that both ends of a channel share.

use std::{cell::RefCell, collections::VecDeque, num::NonZeroUsize};

use crate::{
    inspect::{Object, Side},
    sync::{deferred::Deferred, wait_queue::WaitQueue},
};

/// The state, and the numbers of its users. These are apart, so that a user can be counted while
/// nothing is borrowed.
pub(super) struct Shared<T> {
    /// Counts the senders, plus the sends that have not ended. Also counts the receiver, plus the
    /// receives that have not ended.
    pub(super) object: Object,
    pub(super) state: RefCell<State<T>>,
}

impl<T> Shared<T> {
    /// Returns whether no sender is left, and no send.
    #[inline]
    pub(super) fn has_no_sender(&self) -> bool {
        self.object.end(Side::Sending).count() == 0
    }

    /// Returns whether the receiver is gone, and every receive.
    #[inline]
    pub(super) fn has_no_receiver(&self) -> bool {
        self.object.end(Side::Receiving).count() == 0
    }
}

/// ```text
///   send ─► sending: a queue ─► values: up to capacity ─► receiving: a queue ─► recv
/// ```
///
/// While any send is in the queue, free room belongs to the first of them. A send that comes later
/// waits behind it. So values enter the channel in the order in which their sends began. The same
/// is true for values and receives.
pub(super) struct State<T> {
    pub(super) values: VecDeque<T>,
    pub(super) capacity: Option<NonZeroUsize>,
    pub(super) sending: WaitQueue,
    pub(super) receiving: WaitQueue,
}

impl<T> State<T> {
    /// Returns whether there is room for one more value.
    pub(super) fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| self.values.len() < capacity.get())
    }

    /// Adds a value and notifies the receive that gets it. So as many receives are notified as
    /// there are values.
    pub(super) fn put(&mut self, value: T, deferred: &mut Deferred) {
        self.values.push_back(value);
        self.receiving.notify_at(self.values.len() - 1, deferred);
    }

    /// Removes a value and notifies the send that gets its room. So as many sends are notified as
    /// there is room for.
    pub(super) fn take(&mut self, deferred: &mut Deferred) -> Option<T> {
        let value = self.values.pop_front()?;
        let room = self.capacity.map_or(1, |capacity| capacity.get() - self.values.len());
        self.sending.notify_at(room - 1, deferred);
        Some(value)
    }

    /// Notifies the first send if there is room for it.
    pub(super) fn notify_next_send(&mut self, deferred: &mut Deferred) {
        if self.has_room() {
            self.sending.notify_at(0, deferred);
        }
    }

    /// Notifies the first receive if there is a value for it.
    pub(super) fn notify_next_receive(&mut self, deferred: &mut Deferred) {
        if !self.values.is_empty() {
            self.receiving.notify_at(0, deferred);
        }
    }
}
