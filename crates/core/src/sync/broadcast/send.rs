//! The sending end of a broadcast.

use std::{cell::RefCell, rc::Rc};

use super::{Receiver, State};
use crate::sync::wait_queue::update;

/// The end that sends to all receivers. Clones send into the same channel; the last one to go
/// closes it.
pub struct Sender<T> {
    state: Rc<RefCell<State<T>>>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Rc<RefCell<State<T>>>) -> Self {
        Self { state }
    }

    /// Sends a value to all receivers there are; how many. Does not wait: where there is no room
    /// the oldest value goes, and those who have not received it lag.
    pub fn send(&self, value: T) -> usize {
        let (receivers, lost) = update(self.state.borrow_mut(), |state, deferred| {
            if state.receivers == 0 {
                return (0, Some(Rc::new(value)));
            }
            state.receiving.dismiss_from(0, deferred);
            (state.receivers, state.ring.push(value, state.receivers))
        });
        // Last, and outside the borrow: its destructor may use this channel.
        drop(lost);
        receivers
    }

    /// One more receiver, for what is sent from now on.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Rc::clone(&self.state))
    }

    /// How many receivers there are.
    pub fn receivers(&self) -> usize {
        self.state.borrow().receivers
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.state.borrow_mut().senders += 1;
        Self::new(Rc::clone(&self.state))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.senders -= 1;
            if state.senders == 0 {
                state.receiving.dismiss_from(0, deferred);
            }
        });
    }
}
