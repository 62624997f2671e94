//! [`WaitQueue`]: the tasks that wait for something, first come first served; and [`update`], the
//! way to reach what such a queue is a part of.
//!
//! # Another executor's waker is user code
//!
//! Another executor may resume a task, with a waker of its own. To clone, to wake and to drop that
//! waker runs user code. It may use the very channel in whose queue the waker is, and it may panic.
//! So none of the three may happen while a channel's state is borrowed or a descriptor's is locked.
//! This module sees to that, and its users never touch a waker:
//!
//! * **Clone.** A waker is made before the borrow begins and is handed to [`update_with`]. As the
//!   clone may have changed the state, [`resume`](super::waiter::resume) looks at the state again.
//! * **Wake and drop.** The queue gives no waker out. Wakers to be woken, and wakers that nobody
//!   needs any more, are put into a [`Deferred`]. [`update`] ends the borrow and then turns to
//!   them.
//! * **Panic.** A waker that panics keeps no other from being woken. The first panic goes on to the
//!   caller of [`update`], unless that is unwinding already.

use std::{collections::VecDeque, mem, ops::DerefMut, task::Waker, thread};

use crate::{LocalWaker, destructors::contain};

/// The tasks that wait for something, first come first served.
///
/// ```text
///  numbers    7      8      9     10      A waiter that was told that it may go on keeps its place
///          ┌──────┬──────┬──────┬──────┐  until it goes on or is dropped, so nobody overtakes it.
///   front  │ told │ waker│ told │ waker│  Resumed too early, it waits again in the same place.
///          └──────┴──────┴──────┴──────┘  Dropped, its leaf tells the next in its stead.
/// ```
#[derive(Debug, Default)]
pub(crate) struct WaitQueue {
    /// The numbers grow, so the queue is sorted by them.
    entries: VecDeque<QueueEntry>,
    next: u64,
}

/// The place of a waiting leaf in a queue, if it has taken one.
#[derive(Debug, Default)]
pub struct QueuePlace(Option<u64>);

#[derive(Debug)]
struct QueueEntry {
    number: u64,
    /// None: it was told.
    waker: Option<Waker>,
}

impl WaitQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether a leaf is the first: that in front, or one that comes now and finds nobody.
    pub(crate) fn is_first(&self, place: &QueuePlace) -> bool {
        self.entries.front().map(|first| first.number) == place.0
    }

    /// Whether a leaf that has waited was told, in its place or with all others.
    pub(crate) fn is_told(&self, place: &QueuePlace) -> bool {
        place.is_taken() && self.find(place).is_none_or(|index| self.entries[index].waker.is_none())
    }

    /// How many in front were told. Only for queues in which they are all in front.
    pub(crate) fn told(&self) -> usize {
        self.entries.partition_point(|entry| entry.waker.is_none())
    }

    /// Waits with the waker that [`update_with`] was called with: at the end, or in the place that
    /// the leaf has.
    pub(crate) fn wait(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) {
        let index = self.find(place).unwrap_or_else(|| self.enter(place));
        deferred.leave_own(&mut self.entries[index].waker);
    }

    /// Takes a place at the end, as one that was told. Returns how far from the front that is.
    pub(crate) fn enter(&mut self, place: &mut QueuePlace) -> usize {
        place.0 = Some(self.next);
        self.entries.push_back(QueueEntry { number: self.next, waker: None });
        self.next += 1;
        self.entries.len() - 1
    }

    /// Gives up a place, if the leaf has one. Returns whether it was told there.
    pub(crate) fn leave(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) -> bool {
        let entry = match self.find(place) {
            Some(0) => self.entries.pop_front(),
            Some(index) => self.entries.remove(index),
            None => None,
        };
        place.0 = None;
        let Some(entry) = entry else { return false };
        let was_told = entry.waker.is_none();
        deferred.discard(entry.waker);
        was_told
    }

    /// Tells the leaf that is so far from the front; it keeps its place. False when there is none.
    pub(crate) fn tell(&mut self, index: usize, deferred: &mut Deferred) -> bool {
        let Some(entry) = self.entries.get_mut(index) else { return false };
        deferred.wake(entry.waker.take());
        true
    }

    /// Tells all leaves from this one on; they lose their places.
    pub(crate) fn dismiss_from(&mut self, index: usize, deferred: &mut Deferred) {
        self.entries.drain(index..).for_each(|entry| deferred.wake(entry.waker));
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
    /// Whether the leaf has ever waited, and has not gone on since.
    pub(crate) fn is_taken(&self) -> bool {
        self.0.is_some()
    }
}

/// Changes a state that is borrowed or locked, ends that, and then turns to the wakers that
/// `change` has deferred.
#[inline]
pub(crate) fn update<G: DerefMut, R>(
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    Deferred::default().until_released(guard, change)
}

/// [`update`] by a leaf that may wait, with its waker.
#[inline]
pub(crate) fn update_with<G: DerefMut, R>(
    waker: LocalWaker,
    guard: G,
    change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
) -> R {
    let mut deferred = Deferred::default();
    deferred.own = Some(waker.into_waker());
    deferred.until_released(guard, change)
}

/// Wakers that are dropped or woken once nothing is borrowed or locked.
#[derive(Default)]
pub(crate) struct Deferred {
    /// Of the leaf that updates: its waker until it waits, and then the waker that it waited with
    /// before. Dropped.
    own: Option<Waker>,
    /// Woken.
    first: Option<Waker>,
    /// Mostly none: it takes an allocation.
    more: Option<Box<More>>,
}

#[derive(Default)]
struct More {
    /// Dropped.
    unneeded: Vec<Waker>,
    /// Woken after the first.
    others: VecDeque<Waker>,
}

impl Deferred {
    /// Leaves the own waker here. The waker that was here is dropped.
    pub(crate) fn leave_own(&mut self, waker: &mut Option<Waker>) {
        mem::swap(waker, &mut self.own);
    }

    /// Wakes it, if there is one, after those before it.
    pub(crate) fn wake(&mut self, waker: Option<Waker>) {
        if self.first.is_none() {
            self.first = waker;
        } else if waker.is_some() {
            self.more.get_or_insert_default().others.extend(waker);
        }
    }

    fn discard(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            self.more.get_or_insert_default().unneeded.extend(waker);
        }
    }

    #[inline]
    fn until_released<G: DerefMut, R>(
        mut self,
        mut guard: G,
        change: impl FnOnce(&mut G::Target, &mut Deferred) -> R,
    ) -> R {
        let output = change(&mut guard, &mut self);
        drop(guard);
        if self.is_empty() {
            mem::forget(self);
        } else if !thread::panicking() {
            self.finish();
        }
        output
    }

    fn is_empty(&self) -> bool {
        self.own.is_none() && self.first.is_none() && self.more.is_none()
    }

    fn finish(mut self) {
        self.own = None;
        if let Some(more) = &mut self.more {
            more.unneeded.clear();
        }
        while let Some(waker) = self.next() {
            waker.wake();
        }
        self.more = None;
        mem::forget(self);
    }

    fn next(&mut self) -> Option<Waker> {
        self.first.take().or_else(|| self.more.as_mut()?.others.pop_front())
    }
}

/// Turns to the wakers that are left when one has panicked. A second panic would abort the process.
impl Drop for Deferred {
    #[cold]
    fn drop(&mut self) {
        let own = self.own.take();
        contain(|| drop(own));
        for waker in self.more.iter_mut().flat_map(|more| mem::take(&mut more.unneeded)) {
            contain(|| drop(waker));
        }
        while let Some(waker) = self.next() {
            contain(|| waker.wake());
        }
    }
}
