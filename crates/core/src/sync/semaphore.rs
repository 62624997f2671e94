//! [`Semaphore`]: so many at a time, and no more.
//!
//! ```
//! use quadrivium::{prelude::*, sync::Semaphore};
//!
//! let two_at_a_time = Semaphore::new(2);
//! let worker = |n: u32| {
//!     let permits = two_at_a_time.clone();
//!     future(async move {
//!         let _permit = permits.acquire().await.unwrap();
//!         turn().await;
//!         n * n
//!     })
//! };
//! let squares = join_all((0..5).map(worker));
//! assert_eq!(EventLoop::new()?.block_on(squares)?, [0, 1, 4, 9, 16]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{cell::RefCell, error::Error, fmt, mem, pin::Pin, rc::Rc};

use crate::{
    Context, LocalWaker, Step, Task, Wait, fairness,
    sync::line::Line,
    sync::waiters::{self, Ticket, Waiter},
};

/// Permits, of which tasks hold so many and no more. Clones are the same one.
///
/// First come, first served: while a task waits, what permits there are belong to it, and a task
/// that comes later waits behind it, however few it wants. So a big request is never starved by
/// small ones.
#[derive(Clone, Debug)]
pub struct Semaphore {
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    permits: usize,
    is_closed: bool,
    line: Line,
}

impl Semaphore {
    /// With so many permits, all of them free.
    pub fn new(permits: usize) -> Self {
        let state = State { permits, is_closed: false, line: Line::default() };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Waits for a permit. The output is an error when the semaphore is closed.
    ///
    /// The place in line is taken at the first resume. Dropped before it is done, it has taken
    /// nothing.
    pub fn acquire(&self) -> Acquire {
        self.acquire_many(1)
    }

    /// Waits for so many permits at once. More than there will ever be is a wait without end.
    ///
    /// As [`acquire`](Semaphore::acquire).
    pub fn acquire_many(&self, n: usize) -> Acquire {
        Acquire { semaphore: self.clone(), n, ticket: None }
    }

    /// Takes a permit if one is free and nobody waits. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is none to be had now, and when the semaphore is closed.
    pub fn try_acquire(&self) -> Result<Permit, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// The same for so many permits at once.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Semaphore::try_acquire).
    pub fn try_acquire_many(&self, n: usize) -> Result<Permit, TryAcquireError> {
        let mut state = self.state.borrow_mut();
        if state.is_closed {
            return Err(TryAcquireError::Closed);
        }
        if !state.take(n, None) {
            return Err(TryAcquireError::NoPermits);
        }
        drop(state);
        Ok(Permit { semaphore: self.clone(), n })
    }

    /// Adds permits, for those who wait or come later.
    pub fn add_permits(&self, n: usize) {
        let mut state = self.state.borrow_mut();
        state.permits = state.permits.saturating_add(n);
        let next = state.next_in_line();
        drop(state);
        waiters::wake([next]);
    }

    /// How many permits are free.
    pub fn available_permits(&self) -> usize {
        self.state.borrow().permits
    }

    /// Gives out no more permits: all who wait, and all who come later, are told. Permits that are
    /// held stay so.
    pub fn close(&self) {
        let mut state = self.state.borrow_mut();
        state.is_closed = true;
        let all = state.line.all();
        drop(state);
        all.wake();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().is_closed
    }
}

impl State {
    /// The first in line, if there is any permit for it and it has not been woken. It sees itself
    /// whether they are enough.
    fn next_in_line(&mut self) -> Option<Waiter> {
        if self.permits > 0 { self.line.waiter_at(0) } else { None }
    }

    /// Takes permits if it is this one's turn and there are enough of them.
    fn take(&mut self, n: usize, ticket: Option<Ticket>) -> bool {
        let is_next = match ticket {
            None => self.line.is_empty(),
            Some(ticket) => self.line.is_first(ticket),
        };
        // Who wants nothing waits for nobody.
        let takes = n == 0 || is_next && n <= self.permits;
        self.permits -= if takes { n } else { 0 };
        takes
    }
}

/// A task that waits for permits. Made by [`Semaphore::acquire`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Acquire {
    semaphore: Semaphore,
    n: usize,
    ticket: Option<Ticket>,
}

impl Acquire {
    fn try_now(&mut self) -> Option<Result<Permit, Closed>> {
        let mut state = self.semaphore.state.borrow_mut();
        if state.is_closed {
            self.ticket = None;
            return Some(Err(Closed));
        }
        if !state.take(self.n, self.ticket) {
            return None;
        }
        // Made first: a foreign waker that panics gives it back.
        let permit = Permit { semaphore: self.semaphore.clone(), n: self.n };
        let own = self.ticket.take().and_then(|ticket| state.line.leave(ticket));
        let next = state.next_in_line();
        drop(state);
        drop(own);
        waiters::wake([next]);
        Some(Ok(permit))
    }

    fn get_in_line(&mut self, waker: LocalWaker) {
        let former = self.semaphore.state.borrow_mut().line.wait(&mut self.ticket, waker);
        drop(former);
    }
}

impl Task for Acquire {
    type Output = Result<Permit, Closed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.ticket.is_some()) {
            self.get_in_line(cx.local_waker());
            return Step::Suspended(Wait::Turn);
        }
        if let Some(permit) = self.try_now() {
            return fairness::done(permit);
        }
        let waker = cx.local_waker();
        // Another executor's waker is user code, also when it is cloned: it may have given back.
        if let Some(permit) = self.try_now() {
            return fairness::done(permit);
        }
        self.get_in_line(waker);
        Step::Suspended(Wait::Wake)
    }
}

impl Drop for Acquire {
    /// Leaves the line; permits that were meant for this one go to the next in it.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let mut state = self.semaphore.state.borrow_mut();
        let left = state.line.leave(ticket);
        let next = state.next_in_line();
        drop(state);
        drop(left);
        waiters::wake([next]);
    }
}

/// Permits that are held. Dropping it gives them back, also when its task panics or is cancelled.
#[derive(Debug)]
#[must_use = "dropping it gives the permits back"]
pub struct Permit {
    semaphore: Semaphore,
    n: usize,
}

impl Permit {
    /// How many they are.
    pub fn count(&self) -> usize {
        self.n
    }

    /// Never gives them back: from now on there are so many fewer.
    pub fn forget(mut self) {
        self.n = 0;
    }

    /// Gives so many of them to another holder; nothing when they are not so many.
    #[must_use = "dropping it gives the permits back"]
    pub fn split(&mut self, n: usize) -> Option<Permit> {
        self.n = self.n.checked_sub(n)?;
        Some(Permit { semaphore: self.semaphore.clone(), n })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match mem::take(&mut self.n) {
            0 => {}
            n => self.semaphore.add_permits(n),
        }
    }
}

/// The semaphore was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Why [`Semaphore::try_acquire`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Not so many are free now, or they belong to those who wait.
    NoPermits,
    /// The semaphore was closed.
    Closed,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed: it gives out no more permits")
    }
}

impl Error for Closed {}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryAcquireError::NoPermits => {
                f.write_str("no permits are free: use acquire to wait for them")
            }
            TryAcquireError::Closed => Closed.fmt(f),
        }
    }
}

impl Error for TryAcquireError {}
