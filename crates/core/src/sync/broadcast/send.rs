//! The sending end of a broadcast.

use std::rc::Rc;

use super::{Receiver, Shared};

/// The end that sends to all receivers. Clones send into the same channel; the last one to go closes
/// it.
pub struct Sender<T> {
    state: Shared<T>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Shared<T>) -> Self {
        Self { state }
    }

    /// Sends a value to all receivers there are; how many. Does not wait: where there is no room the
    /// oldest value goes, and those who have not received it lag.
    pub fn send(&self, value: T) -> usize {
        let mut state = self.state.borrow_mut();
        let receivers = state.receivers;
        if receivers == 0 {
            return 0;
        }
        let oldest = state.ring.push(value, receivers);
        let receiving = state.receiving.all();
        drop(state);
        receiving.wake();
        // Last, and outside the borrow: its destructor may use this channel.
        drop(oldest);
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
        let mut state = self.state.borrow_mut();
        state.senders -= 1;
        if state.senders == 0 {
            let receiving = state.receiving.all();
            drop(state);
            receiving.wake();
        }
    }
}
