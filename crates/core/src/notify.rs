//! [`Notify`]: tells waiting tasks that something has happened, without a value.
//!
//! ```
//! use quadrivium_core::notify::Notify;
//!
//! let notify = Notify::new();
//! let waiting = notify.notified();
//! notify.notify_one();
//! # drop(waiting);
//! ```

use std::{cell::RefCell, ops::Range, pin::Pin, rc::Rc};

use crate::{
    Context, Step, Task, Wait,
    waiters::{self, Ticket, Waiters},
};

/// Tells waiting tasks that something has happened, without a value. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Notify {
    state: Rc<RefCell<State>>,
}

#[derive(Debug, Default)]
struct State {
    waiters: Waiters,
    /// A [`Notify::notify_one`] that found nobody waiting is kept for the next who comes.
    permit: bool,
    /// The tickets of those the last [`Notify::notify_all`] found waiting.
    told_all: Range<Ticket>,
}

impl Notify {
    /// Nobody waits, nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until it is notified. The place in line is taken at the first resume.
    pub fn notified(&self) -> Notified {
        Notified { state: Rc::clone(&self.state), ticket: None }
    }

    /// Lets the first waiting task go on; if none waits, the next one that comes does not wait.
    pub fn notify_one(&self) {
        let mut state = self.state.borrow_mut();
        let waiter = state.waiters.first();
        state.permit |= waiter.is_none();
        drop(state);
        waiters::wake(waiter);
    }

    /// Lets every task go on that waits now, in the order they came.
    pub fn notify_all(&self) {
        let mut state = self.state.borrow_mut();
        state.told_all = state.waiters.tickets();
        let waiters = state.waiters.all();
        drop(state);
        waiters.wake();
    }
}

/// A task that waits to be notified. Made by [`Notify::notified`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Notified {
    state: Rc<RefCell<State>>,
    ticket: Option<Ticket>,
}

impl Task for Notified {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let this = &mut *self;
        let mut state = this.state.borrow_mut();
        let notified = match this.ticket {
            None => std::mem::take(&mut state.permit),
            Some(ticket) => !state.waiters.is_waiting(ticket),
        };
        if notified {
            this.ticket = None;
            return Step::Done(());
        }
        drop(state);
        let waker = cx.local_waker();
        let former = this.state.borrow_mut().waiters.wait(&mut this.ticket, waker);
        drop(former);
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut state = self.state.borrow_mut();
        let left = state.waiters.leave(ticket);
        let told_alone = left.is_none() && !state.told_all.contains(&ticket);
        drop(state);
        if told_alone {
            // Notified but dropped before it could go on: pass it to the next.
            Notify { state: Rc::clone(&self.state) }.notify_one();
        }
    }
}
