//! [`Notify`]: tells waiting tasks that something has happened, without a value.
//!
//! ```
//! use quadrivium_core::sync::notify::Notify;
//!
//! let notify = Notify::new();
//! let waiting = notify.notified();
//! notify.notify_one();
//! # drop(waiting);
//! ```

use std::{cell::RefCell, mem, pin::Pin, rc::Rc};

use crate::{
    Context, LocalWaker, Step, Task,
    sync::{
        wait_queue::{Deferred, QueuePlace, WaitQueue, update, update_with},
        waiter::{self, Waiter},
    },
};

/// Tells waiting tasks that something has happened, without a value. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// In front those that [`Notify::notify_one`] has told and that have not gone on yet.
    waiting: WaitQueue,
    /// A [`Notify::notify_one`] that found nobody waiting is kept for the next who comes.
    permit: bool,
}

impl Notify {
    /// Nobody waits, nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until it is notified. The place in the queue is taken at the first resume.
    pub fn notified(&self) -> Notified {
        Notified { state: Rc::clone(&self.state), place: QueuePlace::default() }
    }

    /// Lets the first waiting task go on; if none waits, the next one that comes does not wait.
    pub fn notify_one(&self) {
        update(self.state.borrow_mut(), State::notify_one);
    }

    /// Lets every task go on that waits now, in the order they came.
    pub fn notify_all(&self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.waiting.dismiss_from(state.waiting.told(), deferred);
        });
    }
}

impl State {
    fn notify_one(&mut self, deferred: &mut Deferred) {
        if !self.waiting.tell(self.waiting.told(), deferred) {
            self.permit = true;
        }
    }
}

/// A task that waits to be notified. Made by [`Notify::notified`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Notified {
    state: Rc<RefCell<State>>,
    place: QueuePlace,
}

impl Waiter for Notified {
    type Output = ();

    fn place(&self) -> &QueuePlace {
        &self.place
    }

    fn try_now(&mut self) -> Option<()> {
        update(self.state.borrow_mut(), |state, deferred| {
            let is_notified = match self.place.is_taken() {
                false => mem::take(&mut state.permit),
                true => state.waiting.is_told(&self.place),
            };
            is_notified.then(|| _ = state.waiting.leave(&mut self.place, deferred))
        })
    }

    fn wait(&mut self, waker: LocalWaker) {
        update_with(waker, self.state.borrow_mut(), |state, deferred| {
            // It gives way. The permit is its own all the same.
            match mem::take(&mut state.permit) {
                true => _ = state.waiting.enter(&mut self.place),
                false => state.waiting.wait(&mut self.place, deferred),
            }
        });
    }
}

impl Task for Notified {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        waiter::resume(&mut *self, cx)
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        if self.place.is_taken() {
            update(self.state.borrow_mut(), |state, deferred| {
                if state.waiting.leave(&mut self.place, deferred) {
                    // Notified but dropped before it could go on: passed on to the next.
                    state.notify_one(deferred);
                }
            });
        }
    }
}
