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
    Context, LocalWaker, Step, Task,
    sync::{
        wait_queue::{QueuePlace, WaitQueue, update, update_with},
        waiter::{self, Waiter},
    },
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
    waiting: WaitQueue,
}

impl<T> Mutex<T> {
    /// Nobody holds the lock.
    pub fn new(value: T) -> Self {
        let state = State { value: Some(Box::new(value)), waiting: WaitQueue::default() };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Waits until the value is to be had.
    ///
    /// The place in the queue is taken at the first resume. Dropped before it is done, it has taken
    /// nothing. A task that locks what it holds waits for itself, which the loop finds.
    pub fn lock(&self) -> Lock<T> {
        Lock { mutex: self.clone(), place: QueuePlace::default() }
    }

    /// Takes the value if nobody holds it and nobody waits for it. Does not wait.
    pub fn try_lock(&self) -> Option<MutexGuard<T>> {
        self.take(&mut QueuePlace::default())
    }

    /// Takes the value if it is this one's turn.
    fn take(&self, place: &mut QueuePlace) -> Option<MutexGuard<T>> {
        update(self.state.borrow_mut(), |state, deferred| {
            let is_next = state.waiting.is_first(place);
            let value = if is_next { state.value.take()? } else { return None };
            state.waiting.leave(place, deferred);
            Some(MutexGuard { mutex: self.clone(), value: Some(value) })
        })
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

/// A task that waits for a lock. Made by [`Mutex::lock`].
#[must_use = "a task is lazy: perform it"]
pub struct Lock<T> {
    mutex: Mutex<T>,
    place: QueuePlace,
}

impl<T> Waiter for Lock<T> {
    type Output = MutexGuard<T>;

    fn place(&self) -> &QueuePlace {
        &self.place
    }

    fn try_now(&mut self) -> Option<MutexGuard<T>> {
        self.mutex.take(&mut self.place)
    }

    fn wait(&mut self, waker: LocalWaker) {
        update_with(waker, self.mutex.state.borrow_mut(), |state, deferred| {
            state.waiting.wait(&mut self.place, deferred);
        });
    }
}

impl<T> Task for Lock<T> {
    type Output = MutexGuard<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<MutexGuard<T>> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Lock<T> {
    /// Leaves the queue; a lock that was meant for this one goes to the next in it.
    fn drop(&mut self) {
        if self.place.is_taken() {
            update(self.mutex.state.borrow_mut(), |state, deferred| {
                state.waiting.leave(&mut self.place, deferred);
                if state.value.is_some() {
                    state.waiting.tell(0, deferred);
                }
            });
        }
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
        update(self.mutex.state.borrow_mut(), |state, deferred| {
            state.value = self.value.take();
            state.waiting.tell(0, deferred);
        });
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
        f.debug_struct("Lock").field("place", &self.place).finish_non_exhaustive()
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
