//! [`Mutex`]: a value to which one task at a time has access, also while that task is suspended.
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
//!         perform(turn()); // The other tasks run, and wait for the lock.
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
    panic::Location,
    pin::Pin,
    rc::Rc,
};

use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, Object, ObjectKind, ObjectNumber, TakenIndex},
    sync::{
        deferred::{update, update_with},
        wait_queue::{QueuePlace, WaitQueue},
        waiter::{self, Waiter},
    },
};

/// A value to which one task at a time has access, also while that task is suspended. A clone
/// refers to the same value.
///
/// First come, first served. If the task that holds the lock panics or is cancelled, the lock is
/// released. There is no poisoning, so a destructor has to repair a value that is changed only in
/// part.
///
/// Tasks of one loop never run at the same time. So a value that is only used between two
/// suspensions needs no more than a `RefCell`.
pub struct Mutex<T> {
    state: Rc<RefCell<State<T>>>,
}

struct State<T> {
    /// `None` while it is locked. The guard has it then.
    value: Option<Box<T>>,
    waiting: WaitQueue,
    object: Object,
}

impl<T> Mutex<T> {
    /// Makes a mutex that is not locked.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let object = Object::new(ObjectKind::Mutex, Location::caller());
        let state = State { value: Some(Box::new(value)), waiting: WaitQueue::default(), object };
        Self { state: Rc::new(RefCell::new(state)) }
    }

    /// Gives the mutex a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        self.state.borrow().object.rename(name);
        self
    }

    /// Waits until the lock is free, and returns a guard with access to the value.
    ///
    /// The task takes its place in the queue at its first resume. If it is dropped before it is
    /// done, it has taken nothing. A task that locks a mutex which it holds already waits for
    /// itself; the loop reports that deadlock.
    #[track_caller]
    pub fn lock(&self) -> Lock<T> {
        Lock { mutex: Some(self.clone()), place: QueuePlace::new() }
    }

    /// Locks the mutex if it is free and no task waits for it. Does not wait.
    #[track_caller]
    pub fn try_lock(&self) -> Option<MutexGuard<T>> {
        let value = self.take(&mut QueuePlace::new())?;
        Some(MutexGuard { mutex: self.clone(), value: Some(value) })
    }

    /// Takes the value if the mutex is free and this place is the first.
    #[inline]
    fn take(&self, place: &mut QueuePlace) -> Option<Box<T>> {
        update(self.state.borrow_mut(), |state, deferred| {
            let is_next = state.waiting.is_first(place);
            let value = if is_next { state.value.take()? } else { return None };
            state.object.leaves(place);
            state.waiting.leave(place, deferred);
            state.object.take(place.line());
            Some(value)
        })
    }
}

impl<T> Clone for Mutex<T> {
    fn clone(&self) -> Self {
        Self { state: Rc::clone(&self.state) }
    }
}

impl<T: Default> Default for Mutex<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// A task that waits for a lock. Made by [`Mutex::lock`].
#[must_use = "a task is lazy: perform it"]
pub struct Lock<T> {
    /// `None` when the leaf is done. The guard has it then.
    mutex: Option<Mutex<T>>,
    place: QueuePlace,
}

impl<T> Waiter for Lock<T> {
    type Output = MutexGuard<T>;

    const KIND: LeafKind = LeafKind::Lock;

    #[inline]
    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    #[inline]
    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    #[inline]
    fn try_now(&mut self) -> Option<MutexGuard<T>> {
        let value = self.mutex.as_ref().expect(RESUMED_AFTER_DONE).take(&mut self.place)?;
        self.mutex.take().map(|mutex| MutexGuard { mutex, value: Some(value) })
    }

    #[inline]
    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let mutex = self.mutex.as_ref().expect(RESUMED_AFTER_DONE);
        update_with(waker, mutex.state.borrow_mut(), |state, deferred| {
            state.waiting.wait(&mut self.place, deferred);
            state.object.waits_in(&self.place);
            state.object.number()
        })
    }
}

impl<T> Task for Lock<T> {
    type Output = MutexGuard<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<MutexGuard<T>> {
        waiter::resume(&mut *self, cx)
    }
}

impl<T> Drop for Lock<T> {
    /// Leaves the queue. A lock that was meant for this leaf goes to the next one.
    fn drop(&mut self) {
        let (Some(mutex), true) = (&self.mutex, self.place.has_waited()) else { return };
        update(mutex.state.borrow_mut(), |state, deferred| {
            state.object.leaves(&self.place);
            state.waiting.leave(&mut self.place, deferred);
            if state.value.is_some() {
                state.waiting.notify_at(0, deferred);
            }
        });
    }
}

/// The access to a locked value. The guard owns its share of the mutex, so one callback can pass it
/// to the next. Dropping it unlocks.
#[must_use = "dropping it unlocks"]
pub struct MutexGuard<T> {
    mutex: Mutex<T>,
    /// Present until the guard is dropped.
    value: Option<Box<T>>,
}

impl<T> Deref for MutexGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("a guard has the value until it is dropped")
    }
}

impl<T> DerefMut for MutexGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("a guard has the value until it is dropped")
    }
}

impl<T> Drop for MutexGuard<T> {
    fn drop(&mut self) {
        update(self.mutex.state.borrow_mut(), |state, deferred| {
            state.value = self.value.take();
            state.object.release(TakenIndex::ONLY);
            state.waiting.notify_at(0, deferred);
        });
    }
}

impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Locks the mutex, so that the `Debug` code of the value runs while nothing is borrowed.
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
