//! [`Mutex`]: a value that one task at a time has to itself, also while it is suspended.
//!
//! ```
//! use quadrivium::{green::perform, prelude::*, sync::Mutex};
//!
//! let sum = Mutex::new(0);
//! let add = |n: u32| {
//!     let sum = sum.clone();
//!     green(move || {
//!         let mut sum = perform(sum.lock());
//!         let so_far = *sum;
//!         perform(turn()); // The others wait for the lock, not for the loop.
//!         *sum = so_far + n;
//!     })
//! };
//! EventLoop::new()?.block_on(join_all([add(1), add(2), add(3)]))?;
//! assert_eq!(*sum.try_lock().unwrap(), 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    cell::RefCell,
    fmt,
    ops::{Deref, DerefMut},
    pin::Pin,
    rc::Rc,
};

use crate::{
    Context, LocalWaker, Step, Task, Wait, fairness,
    sync::line::Line,
    sync::waiters::{self, Ticket},
};

/// A value that one task at a time has to itself, also while it is suspended. Clones are the same
/// one.
///
/// First come, first served. A holder that panics or is cancelled just unlocks: there is no
/// poisoning, so what is half done must be put right by a destructor.
///
/// Tasks of one loop never run at once, so a value that is only used between two suspensions needs
/// no more than a `RefCell`.
pub struct Mutex<T> {
    state: Rc<RefCell<State<T>>>,
}

struct State<T> {
    /// With the holder, while it is locked.
    value: Option<Box<T>>,
    line: Line,
}

impl<T> Mutex<T> {
    /// Nobody holds the lock.
    pub fn new(value: T) -> Self {
        let state = State { value: Some(Box::new(value)), line: Line::default() };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Waits until the value is to be had.
    ///
    /// The place in line is taken at the first resume. Dropped before it is done, it has taken
    /// nothing. A task that locks what it holds waits for itself, which the loop finds.
    pub fn lock(&self) -> Lock<T> {
        Lock { mutex: self.clone(), ticket: None }
    }

    /// Takes the value if nobody holds it and nobody waits for it. Does not wait.
    pub fn try_lock(&self) -> Option<MutexGuard<T>> {
        let mut state = self.state.borrow_mut();
        let value = if state.line.is_empty() { state.value.take() } else { None };
        drop(state);
        value.map(|value| MutexGuard { mutex: self.clone(), value: Some(value) })
    }
}

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self { state: Rc::clone(&self.state) }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> State<T> {
    /// Takes the value if it is this one's turn.
    fn take(&mut self, ticket: Option<Ticket>) -> Option<Box<T>> {
        let is_next = match ticket {
            None => self.line.is_empty(),
            Some(ticket) => self.line.is_first(ticket),
        };
        if is_next { self.value.take() } else { None }
    }
}

/// A task that waits for a lock. Made by [`Mutex::lock`].
#[must_use = "a task is lazy: perform it"]
pub struct Lock<T> {
    mutex: Mutex<T>,
    ticket: Option<Ticket>,
}

impl<T> Lock<T> {
    fn try_now(&mut self) -> Option<MutexGuard<T>> {
        let mut state = self.mutex.state.borrow_mut();
        let value = state.take(self.ticket)?;
        let own = self.ticket.take().and_then(|ticket| state.line.leave(ticket));
        drop(state);
        let guard = MutexGuard { mutex: self.mutex.clone(), value: Some(value) };
        drop(own);
        Some(guard)
    }

    fn get_in_line(&mut self, waker: LocalWaker) {
        let former = self.mutex.state.borrow_mut().line.wait(&mut self.ticket, waker);
        drop(former);
    }
}

impl<T> Task for Lock<T> {
    type Output = MutexGuard<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<MutexGuard<T>> {
        if fairness::gives_way(self.ticket.is_some()) {
            self.get_in_line(cx.local_waker());
            return Step::Suspended(Wait::Turn);
        }
        if let Some(guard) = self.try_now() {
            return fairness::done(guard);
        }
        let waker = cx.local_waker();
        // Another executor's waker is user code, also when it is cloned: it may have unlocked.
        if let Some(guard) = self.try_now() {
            return fairness::done(guard);
        }
        self.get_in_line(waker);
        Step::Suspended(Wait::Wake)
    }
}

impl<T> Drop for Lock<T> {
    /// Leaves the line; a lock that was meant for this one goes to the next in it.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut state = self.mutex.state.borrow_mut();
        let left = state.line.leave(ticket);
        let next = if state.value.is_some() { state.line.waiter_at(0) } else { None };
        drop(state);
        drop(left);
        waiters::wake([next]);
    }
}

/// The value, while it is locked. It owns its share of the mutex, so callbacks hand it on as it is.
/// Dropping it unlocks.
#[must_use = "dropping it unlocks"]
pub struct MutexGuard<T> {
    mutex: Mutex<T>,
    /// There until it is dropped.
    value: Option<Box<T>>,
}

impl<T> Deref for MutexGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("a guard has the value")
    }
}

impl<T> DerefMut for MutexGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("a guard has the value")
    }
}

impl<T> Drop for MutexGuard<T> {
    fn drop(&mut self) {
        let mut state = self.mutex.state.borrow_mut();
        state.value = self.value.take();
        let next = state.line.waiter_at(0);
        drop(state);
        waiters::wake([next]);
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As a holder would, so that the value's own code runs while nothing is borrowed.
        match self.try_lock() {
            Some(value) => f.debug_tuple("Mutex").field(&*value).finish(),
            None => f.write_str("Mutex(<locked>)"),
        }
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for MutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for MutexGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
