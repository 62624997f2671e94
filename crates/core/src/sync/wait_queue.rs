//! [`WaitQueue`]: a queue of waiting leaves, first come, first served. [`update`] changes the state
//! that contains such a queue. A *leaf* is a task that waits for something itself and
//! contains no other task.
//!
//! # Another executor's waker is user code
//!
//! Another executor may resume a task, with a waker of its own. Cloning, waking or dropping that
//! waker runs user code. That code may use the very channel in whose queue the waker is, and it may
//! panic. So none of the three may happen while the state of a channel is borrowed or a descriptor
//! is locked. This module ensures that, and its users never handle a waker:
//!
//! * **Clone.** A waker is cloned before the borrow begins, and is passed to [`update_with`].
//!   Cloning may run user code that changes the state. So [`resume`](super::waiter::resume) then
//!   checks the state again.
//! * **Wake and drop.** No function of the queue returns a waker. A waker that is to be woken, or
//!   that is no longer needed, is put into a [`Deferred`]. [`update`] first ends the borrow. Then
//!   it wakes and drops these wakers.
//! * **Panic.** If a waker panics, the others are still woken. The first panic continues in the
//!   caller of [`update`], unless that caller is unwinding already.

use std::{collections::VecDeque, mem, ops::DerefMut, task::Waker, thread};

use crate::{LocalWaker, destructors::contain};

/// A queue of waiting leaves: the first to wait is the first to be *notified* that it may go on.
///
/// ```text
///  numbers      7         8         9        10
///          ┌─────────┬─────────┬─────────┬─────────┐
///   front  │notified │  waker  │notified │  waker  │  end
///          └─────────┴─────────┴─────────┴─────────┘
/// ```
///
/// A notified leaf keeps its place until it goes on or is dropped, so no other leaf overtakes it.
/// If it is resumed before it may go on, it waits again in the same place. If it is dropped, the
/// next leaf is notified instead.
#[derive(Debug, Default)]
pub(crate) struct WaitQueue {
    /// In ascending order of `number`: each new entry gets a larger one.
    entries: VecDeque<QueueEntry>,
    next_number: u64,
}

/// The place of a leaf in a queue, if the leaf has waited there. The leaf keeps it until it goes
/// on, even if the queue removes the leaf before.
#[derive(Debug, Default)]
pub struct QueuePlace(Option<u64>);

#[derive(Debug)]
struct QueueEntry {
    number: u64,
    /// `None` if the leaf was notified that it may go on.
    waker: Option<Waker>,
}

impl WaitQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether a leaf is the first: it is at the front, or it has no place and the queue is
    /// empty.
    pub(crate) fn is_first(&self, place: &QueuePlace) -> bool {
        self.entries.front().map(|first| first.number) == place.0
    }

    /// Returns whether a leaf has waited and was notified: its entry has no waker any more, or
    /// [`notify_and_remove_from`](Self::notify_and_remove_from) has removed the entry.
    pub(crate) fn is_notified(&self, place: &QueuePlace) -> bool {
        place.has_waited()
            && self.find(place).is_none_or(|index| self.entries[index].waker.is_none())
    }

    /// Returns the number of notified leaves. Only for queues in which they are all at the front.
    pub(crate) fn notified_count(&self) -> usize {
        self.entries.partition_point(|entry| entry.waker.is_none())
    }

    /// Makes the leaf wait with the waker that was passed to [`update_with`]. It waits in the place
    /// that it has in the queue, or else at the end.
    pub(crate) fn wait(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) {
        let index = self.find(place).unwrap_or_else(|| self.push_without_waker(place));
        deferred.store_own(&mut self.entries[index].waker);
    }

    /// Adds a leaf at the end. Without a waker, it counts as notified. Returns its index.
    pub(crate) fn push_without_waker(&mut self, place: &mut QueuePlace) -> usize {
        place.0 = Some(self.next_number);
        self.entries.push_back(QueueEntry { number: self.next_number, waker: None });
        self.next_number += 1;
        self.entries.len() - 1
    }

    /// Removes a leaf from the queue, if it has a place. Returns whether it was notified there.
    pub(crate) fn leave(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) -> bool {
        let entry = match self.find(place) {
            Some(0) => self.entries.pop_front(),
            Some(index) => self.entries.remove(index),
            None => None,
        };
        place.0 = None;
        let Some(entry) = entry else { return false };
        let was_notified = entry.waker.is_none();
        deferred.drop_later(entry.waker);
        was_notified
    }

    /// Notifies the leaf at this index, which keeps its place. Returns whether there is such a
    /// leaf.
    pub(crate) fn notify_at(&mut self, index: usize, deferred: &mut Deferred) -> bool {
        let Some(entry) = self.entries.get_mut(index) else { return false };
        deferred.wake_later(entry.waker.take());
        true
    }

    /// Notifies all leaves from this index on and removes them from the queue.
    pub(crate) fn notify_and_remove_from(&mut self, index: usize, deferred: &mut Deferred) {
        if index > 0 {
            self.entries.drain(index..).for_each(|entry| deferred.wake_later(entry.waker));
            return;
        }
        // If the queue contains at most one leaf, popping takes half the instructions of `drain`.
        // That is the usual length on a descriptor.
        while let Some(first) = self.entries.pop_front() {
            deferred.wake_later(first.waker);
        }
    }

    fn find(&self, place: &QueuePlace) -> Option<usize> {
        let number = place.0?;
        match self.entries.front()?.number == number {
            true => Some(0),
            false => self.entries.binary_search_by_key(&number, |entry| entry.number).ok(),
        }
    }
}

impl QueuePlace {
    /// Returns whether the leaf has waited, and has not gone on since. That stays true when the
    /// queue removes the leaf.
    pub(crate) fn has_waited(&self) -> bool {
        self.0.is_some()
    }
}

/// Changes a state that is borrowed or locked, ends the borrow or the lock, and then wakes and
/// drops the wakers that `change` has deferred.
#[inline]
pub(crate) fn update<G: DerefMut, R>(
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    Deferred::default().run(guard, change)
}

/// Like [`update`], for a leaf that may wait. The leaf then waits with `waker`.
#[inline]
pub(crate) fn update_with<G: DerefMut, R>(
    waker: LocalWaker,
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    let mut deferred = Deferred::default();
    deferred.own = Some(waker.into_waker());
    deferred.run(guard, change)
}

/// Wakers that are dropped or woken when nothing is borrowed or locked any more.
#[derive(Default)]
pub(crate) struct Deferred {
    /// The calling leaf's waker. If the leaf waits, `store_own` swaps it with the leaf's older
    /// waker. The waker that is left here is dropped.
    own: Option<Waker>,
    /// To be woken.
    first_to_wake: Option<Waker>,
    /// Boxed, and usually absent, because it takes an allocation.
    more: Option<Box<MoreDeferred>>,
}

#[derive(Default)]
struct MoreDeferred {
    /// To be dropped.
    to_drop: Vec<Waker>,
    /// To be woken after the first.
    to_wake: VecDeque<Waker>,
}

impl Deferred {
    /// Stores the leaf's own waker in `waker`. The waker that was there before is dropped later.
    pub(crate) fn store_own(&mut self, waker: &mut Option<Waker>) {
        mem::swap(waker, &mut self.own);
    }

    /// Wakes this waker later, if there is one, after the wakers that were passed before.
    pub(crate) fn wake_later(&mut self, waker: Option<Waker>) {
        if self.first_to_wake.is_none() {
            self.first_to_wake = waker;
        } else if waker.is_some() {
            self.more.get_or_insert_default().to_wake.extend(waker);
        }
    }

    fn drop_later(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            self.more.get_or_insert_default().to_drop.extend(waker);
        }
    }

    #[inline]
    fn run<G: DerefMut, R>(
        mut self,
        mut guard: G,
        change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
    ) -> R {
        let output = change(&mut guard, &mut self);
        drop(guard);
        if self.is_empty() {
            // Saves the call of `drop`, which would find no waker.
            mem::forget(self);
        } else if !thread::panicking() {
            self.drop_and_wake();
        }
        output
    }

    fn is_empty(&self) -> bool {
        self.own.is_none() && self.first_to_wake.is_none() && self.more.is_none()
    }

    fn drop_and_wake(mut self) {
        drop(self.own.take());
        if let Some(more) = &mut self.more {
            more.to_drop.clear();
        }
        while let Some(waker) = self.next_to_wake() {
            waker.wake();
        }
        drop(self.more.take());
        // `drop` would find no waker here either.
        mem::forget(self);
    }

    fn next_to_wake(&mut self) -> Option<Waker> {
        self.first_to_wake.take().or_else(|| self.more.as_mut()?.to_wake.pop_front())
    }
}

/// Drops and wakes the wakers that are left while this thread unwinds. There are three cases:
/// `change` has panicked, a waker has panicked, or the caller of [`update`] was unwinding already.
/// A second panic would abort the process, so it is contained.
impl Drop for Deferred {
    #[cold]
    fn drop(&mut self) {
        let own = self.own.take();
        contain(|| drop(own));
        for waker in self.more.iter_mut().flat_map(|more| mem::take(&mut more.to_drop)) {
            contain(|| drop(waker));
        }
        while let Some(waker) = self.next_to_wake() {
            contain(|| waker.wake());
        }
    }
}
