//! [`Semaphore`]: limits the number of tasks that do something at the same time.
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

use std::{cell::RefCell, error::Error, fmt, mem, panic::Location, pin::Pin, rc::Rc};

use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, Object, ObjectKind, ObjectNumber, TakenIndex},
    sync::{
        deferred::{Deferred, update, update_with},
        wait_queue::{QueuePlace, WaitQueue},
        waiter::{self, Waiter},
    },
};

/// A number of permits. A task waits until it gets one. A clone refers to the same permits.
///
/// First come, first served. While tasks wait, all free permits are reserved for the first of them.
/// (A request for no permits never waits.) A task that comes later waits behind it, even if it
/// wants fewer permits. So small requests never starve a big one.
#[derive(Clone, Debug)]
pub struct Semaphore {
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
struct State {
    permits: usize,
    is_closed: bool,
    waiting: WaitQueue,
    object: Object,
}

impl Semaphore {
    /// Makes a semaphore with this number of permits, all of them free.
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        Self::of_kind(ObjectKind::Semaphore, permits)
    }

    /// Makes the semaphore of an object that reports call by its own name.
    #[track_caller]
    pub(crate) fn of_kind(kind: ObjectKind, permits: usize) -> Self {
        let object = Object::new(kind, Location::caller());
        let state = State { permits, is_closed: false, waiting: WaitQueue::default(), object };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Gives the semaphore a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.state.borrow().object.rename(name);
        self
    }

    /// Waits for a permit. The output is an error when the semaphore is closed.
    ///
    /// The returned task takes its place in the queue when it is first resumed. If it is dropped
    /// before it is done, it has taken nothing.
    #[track_caller]
    pub fn acquire(&self) -> Acquire {
        self.acquire_many(1)
    }

    /// Waits for `n` permits at once. It waits for ever if there are never `n` permits.
    ///
    /// Otherwise it is like [`acquire`](Semaphore::acquire).
    #[track_caller]
    pub fn acquire_many(&self, n: usize) -> Acquire {
        Acquire { semaphore: Some(self.clone()), n, place: QueuePlace::new() }
    }

    /// Takes a permit if one is free and no task waits. Does not wait.
    ///
    /// # Errors
    ///
    /// When no permit is free or a task waits, and when the semaphore is closed.
    #[track_caller]
    pub fn try_acquire(&self) -> Result<Permit, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits at once if they are free and no task waits. Does not wait.
    ///
    /// # Errors
    ///
    /// The same as for [`try_acquire`](Semaphore::try_acquire).
    #[track_caller]
    pub fn try_acquire_many(&self, n: usize) -> Result<Permit, TryAcquireError> {
        match self.take(n, &mut QueuePlace::new()) {
            Some(Ok(taken)) => Ok(Permit { semaphore: self.clone(), n, taken }),
            Some(Err(Closed)) => Err(TryAcquireError::Closed),
            None => Err(TryAcquireError::NoPermits),
        }
    }

    /// Takes permits if there are enough of them and this place is the first.
    #[inline]
    fn take(&self, n: usize, place: &mut QueuePlace) -> Option<Result<TakenIndex, Closed>> {
        update(self.state.borrow_mut(), |state, deferred| {
            if state.is_closed {
                state.object.leaves(place);
                state.waiting.leave(place, deferred);
                return Some(Err(Closed));
            }
            // A request for no permits waits for no other task.
            let takes = n == 0 || state.waiting.is_first(place) && n <= state.permits;
            if !takes {
                return None;
            }
            state.permits -= n;
            state.object.leaves(place);
            state.waiting.leave(place, deferred);
            state.notify_next(deferred);
            Some(Ok(state.object.take(place.line())))
        })
    }

    /// Adds permits, which waiting tasks get first.
    pub fn add_permits(&self, n: usize) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.permits = state.permits.saturating_add(n);
            state.notify_next(deferred);
        });
    }

    /// Returns the number of free permits.
    pub fn available_permits(&self) -> usize {
        self.state.borrow().permits
    }

    /// Closes the semaphore. All tasks that wait, and all that come later, get an error. Permits
    /// that are held remain valid.
    pub fn close(&self) {
        update(self.state.borrow_mut(), |state, deferred| {
            state.is_closed = true;
            state.waiting.notify_and_remove_from(0, deferred);
        });
    }

    /// Returns whether the semaphore was closed.
    pub fn is_closed(&self) -> bool {
        self.state.borrow().is_closed
    }
}

impl State {
    /// Notifies the first leaf in the queue if any permit is free. The leaf then checks whether
    /// there are enough.
    fn notify_next(&mut self, deferred: &mut Deferred) {
        if self.permits > 0 {
            self.waiting.notify_at(0, deferred);
        }
    }
}

/// A task that waits for permits. Made by [`Semaphore::acquire`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Acquire {
    /// `None` when the leaf is done. The permit has it then.
    semaphore: Option<Semaphore>,
    n: usize,
    place: QueuePlace,
}

impl Waiter for Acquire {
    type Output = Result<Permit, Closed>;

    const KIND: LeafKind = LeafKind::Acquire;

    #[inline]
    fn kind(&self) -> LeafKind {
        let semaphore = self.semaphore.as_ref().expect(RESUMED_AFTER_DONE);
        match semaphore.state.borrow().object.kind() {
            ObjectKind::RwLock if self.n == 1 => LeafKind::ReadLock,
            ObjectKind::RwLock => LeafKind::WriteLock,
            ObjectKind::OnceCell => LeafKind::Init,
            _ => Self::KIND,
        }
    }

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<Self::Output> {
        let semaphore = self.semaphore.as_ref().expect(RESUMED_AFTER_DONE);
        let taken = semaphore.take(self.n, &mut self.place)?;
        let semaphore = self.semaphore.take()?;
        Some(taken.map(|taken| Permit { semaphore, n: self.n, taken }))
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let semaphore = self.semaphore.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, semaphore.state.borrow_mut(), |state, deferred| {
            state.waiting.wait(&mut self.place, deferred);
            state.object.waits_in(&self.place);
            state.object.number()
        })
    }
}

impl Task for Acquire {
    type Output = Result<Permit, Closed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        waiter::resume(&mut *self, cx)
    }
}

impl Drop for Acquire {
    /// Leaves the queue. Permits that were meant for this leaf go to the next one.
    fn drop(&mut self) {
        let (Some(semaphore), true) = (&self.semaphore, self.place.has_waited()) else { return };
        update(semaphore.state.borrow_mut(), |state, deferred| {
            state.object.leaves(&self.place);
            state.waiting.leave(&mut self.place, deferred);
            state.notify_next(deferred);
        });
    }
}

/// One or more permits, held together. Dropping a `Permit` returns them to the semaphore, even if
/// the drop comes from a panic or a cancel.
#[derive(Debug)]
#[must_use = "dropping it returns the permits"]
pub struct Permit {
    semaphore: Semaphore,
    n: usize,
    taken: TakenIndex,
}

impl Permit {
    /// Returns the number of permits.
    pub fn count(&self) -> usize {
        self.n
    }

    /// Never returns the permits: from now on the semaphore has that many fewer.
    pub fn forget(mut self) {
        self.n = 0;
    }

    /// Splits off `n` permits, for another holder. Returns `None` if there are fewer than `n`.
    #[must_use = "dropping it returns the permits"]
    #[track_caller]
    pub fn split(&mut self, n: usize) -> Option<Permit> {
        self.n = self.n.checked_sub(n)?;
        let taken = self.semaphore.state.borrow().object.take(Location::caller());
        Some(Permit { semaphore: self.semaphore.clone(), n, taken })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.semaphore.state.borrow().object.release(self.taken);
        match mem::take(&mut self.n) {
            0 => {}
            n => self.semaphore.add_permits(n),
        }
    }
}

/// The error of [`Semaphore::acquire`]: the semaphore was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// Why [`Semaphore::try_acquire`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// There are not enough free permits now, or they belong to tasks that wait.
    NoPermits,
    /// The semaphore was closed.
    Closed,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore is closed: no more permits can be acquired")
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
