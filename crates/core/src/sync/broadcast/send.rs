//! The sending end of a broadcast channel.

use std::{cell::RefCell, rc::Rc};

use super::{Receiver, State};
use crate::{inspect::Side, sync::deferred::update};

/// The end that sends values to all receivers. A clone sends into the same channel. The channel is
/// closed when the last sender is dropped.
pub struct Sender<T> {
    state: Rc<RefCell<State<T>>>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Rc<RefCell<State<T>>>) -> Self {
        Self { state }
    }

    /// Sends a value to all receivers, and returns their number. Does not wait. If there is no
    /// room, the oldest value is removed, and the receivers that have not received it lose it.
    pub fn send(&self, value: T) -> usize {
        let (receivers, lost) = update(self.state.borrow_mut(), |state, deferred| {
            state.object.end(Side::Sending).is_used();
            let receivers = state.object.end(Side::Receiving).count();
            if receivers == 0 {
                return (0, Some(Rc::new(value)));
            }
            state.receiving.notify_and_remove_from(0, deferred);
            (receivers, state.ring.push(value, receivers))
        });
        // Dropped last and outside the borrow, because its destructor may use this channel.
        drop(lost);
        receivers
    }

    /// Makes another receiver, of the values that are sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Rc::clone(&self.state))
    }

    /// Returns the number of receivers.
    pub fn receivers(&self) -> usize {
        self.state.borrow().object.end(Side::Receiving).count()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.state.borrow().object.end(Side::Sending).add();
        Self::new(Rc::clone(&self.state))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        update(self.state.borrow_mut(), |state, deferred| {
            if state.object.end(Side::Sending).remove() == 0 {
                state.receiving.notify_and_remove_from(0, deferred);
            }
        });
    }
}
