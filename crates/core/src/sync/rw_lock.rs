//! [`RwLock`]: a value that many tasks read at the same time, or that one task changes.
//!
//! ```
//! use quadrivium::{green::perform, prelude::*, sync::RwLock};
//!
//! let prices = RwLock::new(vec![1, 2, 3]);
//! let (reads, writes) = (prices.clone(), prices);
//! let sum = green(move || {
//!     let prices = perform(reads.read());
//!     perform(turn()); // Other tasks may read meanwhile. A task that writes waits.
//!     prices.iter().sum::<u32>()
//! });
//! let raise = green(move || {
//!     let mut prices = perform(writes.write());
//!     perform(turn()); // No other task reads or writes meanwhile.
//!     prices.push(10);
//! });
//! assert_eq!(EventLoop::new()?.block_on(join(sum, raise))?, (6, ()));
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
    Context, Step, Task,
    inspect::ObjectKind,
    sync::semaphore::{Acquire, Permit, Semaphore},
};

/// A value that many tasks read at the same time, or that one task changes. The tasks may suspend
/// meanwhile. A clone refers to the same value.
///
/// First come, first served. A task that reads waits behind a task that came before it to write. So
/// neither readers nor writers starve. If a task that holds the lock panics or is cancelled, the
/// lock is released. There is no poisoning.
///
/// Tasks of one loop never run at the same time. So a value that is only used between two
/// suspensions needs no more than a `RefCell`.
pub struct RwLock<T> {
    /// A reader takes one of its permits, a writer all of them.
    permits: Semaphore,
    /// `None` while a task writes. The guard has the value then.
    ///
    /// Each reader has a clone of the `Rc`. So the value has no other owner when a writer takes it.
    value: Rc<RefCell<Option<Rc<T>>>>,
}

const ALL: usize = usize::MAX;

impl<T> RwLock<T> {
    /// Makes a lock that no task holds.
    #[track_caller]
    pub fn new(value: T) -> Self {
        let value = Rc::new(RefCell::new(Some(Rc::new(value))));
        Self { permits: Semaphore::of_kind(ObjectKind::RwLock, ALL), value }
    }

    /// Gives the lock a name, which reports show.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { permits: self.permits.named(name), value: self.value }
    }

    /// Waits until no task writes, and no task that came before waits to write. Returns a guard
    /// that reads the value.
    ///
    /// The task takes its place in the queue at its first resume. If it is dropped before it is
    /// done, it has taken nothing. A task that reads already may wait for itself here: if another
    /// task waits to write meanwhile, both wait for each other. The loop reports that deadlock.
    #[track_caller]
    pub fn read(&self) -> ReadLock<T> {
        ReadLock { acquire: self.permits.acquire(), lock: self.clone() }
    }

    /// Waits until no other task reads or writes, and returns a guard that reads and changes the
    /// value. Otherwise it is like [`read`](RwLock::read).
    #[track_caller]
    pub fn write(&self) -> WriteLock<T> {
        WriteLock { acquire: self.permits.acquire_many(ALL), lock: self.clone() }
    }

    /// Reads the value if no task writes or waits. Does not wait.
    #[track_caller]
    pub fn try_read(&self) -> Option<ReadGuard<T>> {
        self.permits.try_acquire().ok().map(|permit| self.read_guard(permit))
    }

    /// Takes the value to change it, if no task reads, writes or waits. Does not wait.
    #[track_caller]
    pub fn try_write(&self) -> Option<WriteGuard<T>> {
        self.permits.try_acquire_many(ALL).ok().map(|permit| self.write_guard(permit))
    }

    fn read_guard(&self, permit: Permit) -> ReadGuard<T> {
        let value = self.value.borrow().clone();
        ReadGuard { value: value.expect("no task writes while a task reads"), _permit: permit }
    }

    fn write_guard(&self, permit: Permit) -> WriteGuard<T> {
        let value = self.value.take();
        debug_assert!(value.is_some(), "only one task writes at a time");
        WriteGuard { value, lock: Rc::clone(&self.value), _permit: permit }
    }
}

impl<T> Clone for RwLock<T> {
    fn clone(&self) -> Self {
        Self { permits: self.permits.clone(), value: Rc::clone(&self.value) }
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// A task that waits to read. Made by [`RwLock::read`].
#[must_use = "a task is lazy: perform it"]
pub struct ReadLock<T> {
    acquire: Acquire,
    lock: RwLock<T>,
}

/// A task that waits to write. Made by [`RwLock::write`].
#[must_use = "a task is lazy: perform it"]
pub struct WriteLock<T> {
    acquire: Acquire,
    lock: RwLock<T>,
}

const NEVER_CLOSED: &str = "no code closes the semaphore of a lock";

impl<T> Task for ReadLock<T> {
    type Output = ReadGuard<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<ReadGuard<T>> {
        match Pin::new(&mut self.acquire).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(permit) => Step::Done(self.lock.read_guard(permit.expect(NEVER_CLOSED))),
        }
    }
}

impl<T> Task for WriteLock<T> {
    type Output = WriteGuard<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<WriteGuard<T>> {
        match Pin::new(&mut self.acquire).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(permit) => Step::Done(self.lock.write_guard(permit.expect(NEVER_CLOSED))),
        }
    }
}

/// The access to a value that other tasks may read, too. The guard owns its share of the lock, so
/// one callback can pass it to the next. Dropping it releases the lock.
#[must_use = "dropping it releases the lock"]
pub struct ReadGuard<T> {
    // It is dropped before the permit, so that a writer finds the value without other owners.
    value: Rc<T>,
    _permit: Permit,
}

/// The access to a value that no other task reads or changes. The guard owns its share of the lock,
/// so one callback can pass it to the next. Dropping it releases the lock.
#[must_use = "dropping it releases the lock"]
pub struct WriteGuard<T> {
    /// Present until the guard is dropped.
    value: Option<Rc<T>>,
    lock: Rc<RefCell<Option<Rc<T>>>>,
    // It is dropped after the value is back.
    _permit: Permit,
}

impl<T> Deref for ReadGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for WriteGuard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect(HAS_THE_VALUE)
    }
}

impl<T> DerefMut for WriteGuard<T> {
    fn deref_mut(&mut self) -> &mut T {
        let value = self.value.as_mut().expect(HAS_THE_VALUE);
        Rc::get_mut(value).expect("no task reads while a task writes")
    }
}

const HAS_THE_VALUE: &str = "a guard has the value until it is dropped";

impl<T> Drop for WriteGuard<T> {
    fn drop(&mut self) {
        *self.lock.borrow_mut() = self.value.take();
    }
}

impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Reads the value like a task, so that its `Debug` code runs while nothing is borrowed.
        match self.try_read() {
            Some(value) => f.debug_tuple("RwLock").field(&*value).finish(),
            None => f.write_str("RwLock(<locked>)"),
        }
    }
}

impl<T> fmt::Debug for ReadLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadLock").field("acquire", &self.acquire).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for WriteLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteLock").field("acquire", &self.acquire).finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for ReadGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for WriteGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
