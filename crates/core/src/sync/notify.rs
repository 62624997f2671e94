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

use std::{cell::RefCell, collections::BTreeSet, pin::Pin, rc::Rc};

use crate::{
    Context, LocalWaker, Step, Task, Wait, fairness,
    sync::waiters::{self, Ticket, Waiters},
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
    /// Who was told by [`Notify::notify_one`] and has not gone on yet.
    told: BTreeSet<Ticket>,
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
        match &waiter {
            Some(waiter) => _ = state.told.insert(waiter.ticket),
            None => state.permit = true,
        }
        drop(state);
        waiters::wake([waiter]);
    }

    /// Lets every task go on that waits now, in the order they came.
    pub fn notify_all(&self) {
        let waiters = self.state.borrow_mut().waiters.all();
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

impl Notified {
    fn try_now(&mut self) -> bool {
        let mut state = self.state.borrow_mut();
        let notified = match self.ticket {
            None => std::mem::take(&mut state.permit),
            Some(ticket) => !state.waiters.is_waiting(ticket),
        };
        if notified && let Some(ticket) = self.ticket.take() {
            state.told.remove(&ticket);
        }
        notified
    }

    /// Takes a permit without going on yet, as one does that has waited and was told; whether there
    /// was one.
    #[cold]
    fn is_told(&mut self, waker: LocalWaker) -> bool {
        let mut state = self.state.borrow_mut();
        if !std::mem::take(&mut state.permit) {
            return false;
        }
        let former = state.waiters.wait(&mut self.ticket, waker);
        let ticket = self.ticket.expect("it has just been given out");
        let left = state.waiters.leave(ticket);
        state.told.insert(ticket);
        drop(state);
        drop((former, left));
        true
    }
}

impl Task for Notified {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        if fairness::gives_way(self.ticket.is_some()) && self.is_told(cx.local_waker()) {
            return Step::Suspended(Wait::Turn);
        }
        if self.try_now() {
            return fairness::done(());
        }
        let waker = cx.local_waker();
        // Another executor's waker is user code, also when it is cloned: it may have notified.
        if self.try_now() {
            return fairness::done(());
        }
        let this = &mut *self;
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
        let was_told = state.told.remove(&ticket);
        drop(state);
        drop(left);
        if was_told {
            // Notified but dropped before it could go on: pass it to the next.
            Notify { state: Rc::clone(&self.state) }.notify_one();
        }
    }
}
