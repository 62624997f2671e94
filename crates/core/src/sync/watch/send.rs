//! The sending end of a watch channel.

use std::{cell::RefCell, mem, panic::Location, pin::Pin, rc::Rc};

use super::{Receiver, State};
use crate::{
    Context, LocalWaker, Step, Task,
    inspect::{LeafKind, ObjectNumber, Side},
    sync::{
        deferred::{update, update_with},
        wait_queue::QueuePlace,
        waiter::{self, Waiter},
    },
};

/// The end that sets the value. A clone sends into the same channel. The channel is closed when the
/// last sender is dropped.
pub struct Sender<T> {
    state: Rc<RefCell<State<T>>>,
}

impl<T> Sender<T> {
    pub(super) fn new(state: Rc<RefCell<State<T>>>) -> Self {
        Self { state }
    }

    /// Replaces the value, and wakes all tasks that wait for a change. Does not wait.
    pub fn send(&self, value: T) {
        let former = update(self.state.borrow_mut(), |state, deferred| {
            state.object.end(Side::Sending).is_used();
            state.version += 1;
            state.awaiting_change.notify_and_remove_from(0, deferred);
            mem::replace(&mut state.value, Rc::new(value))
        });
        // Dropped last and outside the borrow, because its destructor may use this channel.
        drop(former);
    }

    /// Sends a copy of the latest value, after `modify` has changed the copy. If `modify` panics,
    /// nothing is sent.
    ///
    /// If `modify` itself sends a value, the copy replaces that value.
    pub fn send_modify(&self, modify: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        let mut value = T::clone(&self.borrow());
        modify(&mut value);
        self.send(value);
    }

    /// Returns the latest value. The `Rc` keeps that value when another one is sent.
    pub fn borrow(&self) -> Rc<T> {
        Rc::clone(&self.state.borrow().value)
    }

    /// Makes another receiver, which has seen the latest value.
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::new(Rc::clone(&self.state))
    }

    /// Waits until no receiver is left. Does not wait if there is none.
    ///
    /// If the task is dropped before it is done, it has changed nothing. It does not count as a
    /// sender.
    #[track_caller]
    pub fn closed(&self) -> Closed<T> {
        Closed { state: Rc::clone(&self.state), place: QueuePlace::new() }
    }

    /// Returns whether no receiver is left.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().object.end(Side::Receiving).count() == 0
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
                state.awaiting_change.notify_and_remove_from(0, deferred);
            }
        });
    }
}

/// A task that waits until no receiver is left. Made by [`Sender::closed`].
#[must_use = "a task is lazy: perform it"]
pub struct Closed<T> {
    state: Rc<RefCell<State<T>>>,
    place: QueuePlace,
}

impl<T> Waiter for Closed<T> {
    type Output = ();

    const KIND: LeafKind = LeafKind::Closed;

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<()> {
        update(self.state.borrow_mut(), |state, deferred| {
            (state.object.end(Side::Receiving).count() == 0)
                .then(|| _ = state.awaiting_close.leave(&mut self.place, deferred))
        })
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        update_with(waker, self.state.borrow_mut(), |state, deferred| {
            state.awaiting_close.wait(&mut self.place, deferred);
            state.object.number()
        })
    }
}

impl<T> Task for Closed<T> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Closed<T> {
    fn drop(&mut self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.awaiting_close.leave(&mut self.place, deferred);
        });
    }
}
