//! The sending end of a watch channel.

use std::{mem, pin::Pin, rc::Rc};

use super::{Receiver, Shared};
use crate::{Context, Step, Task, Wait, fairness, sync::waiters::Ticket};

/// The end that says what the value is. Clones send into the same channel; the last one to go closes
/// it.
pub struct Sender<T> {
    state: Shared<T>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Shared<T>) -> Self {
        Self { state }
    }

    /// Puts this value in the place of the one before, and wakes all who wait for a change. Does not
    /// wait.
    pub fn send(&self, value: T) {
        let mut state = self.state.borrow_mut();
        let former = mem::replace(&mut state.value, Rc::new(value));
        state.version += 1;
        let changing = state.changing.all();
        drop(state);
        changing.wake();
        // Last, and outside the borrow: its destructor may use this channel.
        drop(former);
    }

    /// Sends a copy of the latest value, as `modify` changes it. When that panics, nothing is sent.
    ///
    /// What `modify` itself sends is replaced by the copy.
    pub fn send_modify(&self, modify: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        let mut value = T::clone(&self.borrow());
        modify(&mut value);
        self.send(value);
    }

    /// A share of the latest value. It stays what it is when another one is sent.
    pub fn borrow(&self) -> Rc<T> {
        Rc::clone(&self.state.borrow().value)
    }

    /// One more receiver, which has seen the latest value.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Rc::clone(&self.state))
    }

    /// Waits until no receiver is left. Done at once when there is none.
    ///
    /// Dropped before it is done, it has done nothing. It counts as no sender.
    pub fn closed(&self) -> Closed<T> {
        Closed { state: Rc::clone(&self.state), ticket: None }
    }

    /// Whether no receiver is left.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().receivers == 0
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
            let changing = state.changing.all();
            drop(state);
            changing.wake();
        }
    }
}

/// A task that waits until no receiver is left. Made by [`Sender::closed`].
#[must_use = "a task is lazy: perform it"]
pub struct Closed<T> {
    state: Shared<T>,
    ticket: Option<Ticket>,
}

impl<T> Task for Closed<T> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let this = &mut *self;
        // First: another executor's waker is user code when it is cloned, and may drop a receiver.
        let waker = cx.local_waker();
        let mut state = this.state.borrow_mut();
        let gives_way = fairness::gives_way(this.ticket.is_some());
        if state.receivers == 0 && !gives_way {
            return fairness::done(());
        }
        let former = state.closing.wait(&mut this.ticket, waker);
        drop(state);
        drop(former);
        Step::Suspended(if gives_way { Wait::Turn } else { Wait::Wake })
    }
}

impl<T> Drop for Closed<T> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let left = self.state.borrow_mut().closing.leave(ticket);
        drop(left);
    }
}
