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
    Context, LocalWaker, Step, Task,
    sync::{
        wait_queue::{Deferred, QueuePlace, WaitQueue, update, update_with},
        waiter::{self, Waiter},
    },
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
    waiting: WaitQueue,
}

impl Semaphore {
    /// With so many permits, all of them free.
    pub fn new(permits: usize) -> Self {
        let state = State { permits, is_closed: false, waiting: WaitQueue::default() };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Waits for a permit. The output is an error when the semaphore is closed.
    ///
    /// The place in the queue is taken at the first resume. Dropped before it is done, it has taken
    /// nothing.
    pub fn acquire(&self) -> Acquire {
        self.acquire_many(1)
    }

    /// Waits for so many permits at once. More than there will ever be is a wait without end.
    ///
    /// As [`acquire`](Semaphore::acquire).
    pub fn acquire_many(&self, n: usize) -> Acquire {
        Acquire { semaphore: self.clone(), n, place: QueuePlace::default() }
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
        match self.take(n, &mut QueuePlace::default()) {
            Some(taken) => taken.map_err(|Closed| TryAcquireError::Closed),
            None => Err(TryAcquireError::NoPermits),
        }
    }

    /// Takes permits if it is this one's turn and there are enough of them.
    fn take(&self, n: usize, place: &mut QueuePlace) -> Option<Result<Permit, Closed>> {
        update(self.state.borrow_mut(), |state, deferred| {
            if state.is_closed {
                state.waiting.leave(place, deferred);
                return Some(Err(Closed));
            }
            // A request for nothing waits for nobody.
            let takes = n == 0 || state.waiting.is_first(place) && n <= state.permits;
            if !takes {
                return None;
            }
            state.permits -= n;
            state.waiting.leave(place, deferred);
            state.tell_next(deferred);
            Some(Ok(Permit { semaphore: self.clone(), n }))
        })
    }

    /// Adds permits, for those who wait or come later.
    pub fn add_permits(&self, n: usize) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.permits = state.permits.saturating_add(n);
            state.tell_next(deferred);
        });
    }

    /// How many permits are free.
    pub fn available_permits(&self) -> usize {
        self.state.borrow().permits
    }

    /// Gives out no more permits: all who wait, and all who come later, are told. Permits that are
    /// held stay so.
    pub fn close(&self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.is_closed = true;
            state.waiting.dismiss_from(0, deferred);
        });
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().is_closed
    }
}

impl State {
    /// Tells the first in the queue if there is any permit. It sees itself whether they are enough.
    fn tell_next(&mut self, deferred: &mut Deferred) {
        if self.permits > 0 {
            self.waiting.tell(0, deferred);
        }
    }
}

/// A task that waits for permits. Made by [`Semaphore::acquire`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Acquire {
    semaphore: Semaphore,
    n: usize,
    place: QueuePlace,
}

impl Waiter for Acquire {
    type Output = Result<Permit, Closed>;

    fn place(&self) -> &QueuePlace {
        &self.place
    }

    fn try_now(&mut self) -> Option<Self::Output> {
        self.semaphore.take(self.n, &mut self.place)
    }

    fn wait(&mut self, waker: LocalWaker) {
        update_with(waker, self.semaphore.state.borrow_mut(), |state, deferred| {
            state.waiting.wait(&mut self.place, deferred);
        });
    }
}

impl Task for Acquire {
    type Output = Result<Permit, Closed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl Drop for Acquire {
    /// Leaves the queue; permits that were meant for this one go to the next in it.
    fn drop(&mut self) {
        if self.place.is_taken() {
            update(self.semaphore.state.borrow_mut(), |state, deferred| {
                state.waiting.leave(&mut self.place, deferred);
                state.tell_next(deferred);
            });
        }
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
