//! [`WaitQueue`]: a queue of waiting leaves, first come, first served. (A *leaf* is a task that
//! waits for something itself and contains no other task.)
//!
//! The queue is changed by [`update`](super::deferred::update). That wakes and drops the wakers
//! which the change takes out of the queue.

use std::{collections::VecDeque, num::NonZeroU64, panic::Location, task::Waker};

use super::deferred::Deferred;

/// A queue of waiting leaves: the first to wait is the first to be *notified* that it may go on.
///
/// ```text
///  numbers      7         8         9        10
///          ┌─────────┬─────────┬─────────┬─────────┐
///   front  │notified │  waker  │notified │  waker  │  end
///          └─────────┴─────────┴─────────┴─────────┘
///             first     behind
/// ```
///
/// A notified leaf keeps its place until it goes on or is dropped, so no other leaf overtakes it.
/// If it is resumed before it may go on, it waits again in the same place. If it is dropped, the
/// next leaf is notified instead.
#[derive(Debug)]
pub(crate) struct WaitQueue {
    /// Most queues contain one leaf at most. It takes no allocation.
    first: Option<QueueEntry>,
    /// In ascending order of `number`: each new entry gets a larger one. Empty without a `first`.
    behind: VecDeque<QueueEntry>,
    /// The number of the next entry.
    next: NonZeroU64,
}

/// The place of a leaf in a queue, if the leaf has waited there. The leaf keeps it until it goes
/// on, even if the queue removes the leaf before. Also the line that made the leaf, for reports.
#[derive(Debug)]
pub struct QueuePlace {
    number: Option<NonZeroU64>,
    line: &'static Location<'static>,
}

#[derive(Debug)]
struct QueueEntry {
    number: NonZeroU64,
    /// `None` if the leaf was notified that it may go on.
    waker: Option<Waker>,
}

impl WaitQueue {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.behind.len()
    }

    /// Returns whether a leaf is the first: it is at the front, or it has no place and the queue is
    /// empty.
    #[inline]
    pub(crate) fn is_first(&self, place: &QueuePlace) -> bool {
        self.first.as_ref().map(|first| first.number) == place.number
    }

    /// Returns whether a leaf has waited and was notified: its entry has no waker any more, or
    /// [`notify_and_remove_from`](Self::notify_and_remove_from) has removed the entry.
    #[inline]
    pub(crate) fn is_notified(&mut self, place: &QueuePlace) -> bool {
        place.has_waited() && self.find(place).is_none_or(|entry| entry.waker.is_none())
    }

    /// Returns the number of notified leaves. Only for queues in which they are all at the front.
    #[inline]
    pub(crate) fn notified_count(&self) -> usize {
        match &self.first {
            Some(QueueEntry { waker: None, .. }) => {
                1 + self.behind.partition_point(|entry| entry.waker.is_none())
            }
            Some(_) | None => 0,
        }
    }

    /// Makes the leaf wait with the waker that was passed to
    /// [`update_with`](super::deferred::update_with). It waits in the place that it has in the
    /// queue, or else at the end.
    #[inline]
    pub(crate) fn wait(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) {
        match self.find(place) {
            Some(entry) => deferred.store_own(&mut entry.waker),
            None => {
                let mut waker = None;
                deferred.store_own(&mut waker);
                self.push(place, waker);
            }
        }
    }

    /// Adds a leaf at the end. Without a waker, it counts as notified.
    #[inline]
    pub(crate) fn push(&mut self, place: &mut QueuePlace, waker: Option<Waker>) {
        let number = self.next;
        self.next = number.checked_add(1).expect("there are fewer than 2^64 - 1 entries");
        place.number = Some(number);
        match self.first {
            None => self.first = Some(QueueEntry { number, waker }),
            Some(_) => self.push_behind(number, waker),
        }
    }

    /// Removes a leaf from the queue, if it has a place. Returns whether it was notified there.
    #[inline]
    pub(crate) fn leave(&mut self, place: &mut QueuePlace, deferred: &mut Deferred) -> bool {
        let Some(number) = place.number.take() else { return false };
        let waker = match &mut self.first {
            Some(first) if first.number == number => {
                let waker = first.waker.take();
                self.first = None;
                if !self.behind.is_empty() {
                    self.move_up();
                }
                waker
            }
            Some(_) | None => match self.remove_behind(number) {
                Some(entry) => entry.waker,
                None => return false,
            },
        };
        let was_notified = waker.is_none();
        deferred.drop_later(waker);
        was_notified
    }

    /// Notifies the leaf at this index, which keeps its place. Returns whether there is such a
    /// leaf.
    #[inline]
    pub(crate) fn notify_at(&mut self, index: usize, deferred: &mut Deferred) -> bool {
        let entry = match index {
            0 => self.first.as_mut(),
            _ => self.get_behind(index - 1),
        };
        let Some(entry) = entry else { return false };
        deferred.wake_later(entry.waker.take());
        true
    }

    /// Notifies all leaves from this index on and removes them from the queue.
    #[inline]
    pub(crate) fn notify_and_remove_from(&mut self, index: usize, deferred: &mut Deferred) {
        if index == 0 {
            let Some(first) = self.first.take() else { return };
            deferred.wake_later(first.waker);
        }
        if !self.behind.is_empty() {
            let behind = self.behind.drain(index.saturating_sub(1)..);
            behind.for_each(|entry| deferred.wake_later(entry.waker));
        }
    }

    #[inline]
    fn find(&mut self, place: &QueuePlace) -> Option<&mut QueueEntry> {
        let number = place.number?;
        match &self.first {
            Some(first) if first.number == number => self.first.as_mut(),
            Some(_) | None => self.find_behind(number),
        }
    }
}

/// The parts of these functions for queues with several leaves. They are not inlined, because that
/// makes the usual case slower.
impl WaitQueue {
    #[inline(never)]
    fn push_behind(&mut self, number: NonZeroU64, waker: Option<Waker>) {
        self.behind.push_back(QueueEntry { number, waker });
    }

    #[inline(never)]
    fn move_up(&mut self) {
        self.first = self.behind.pop_front();
    }

    #[inline(never)]
    fn get_behind(&mut self, index: usize) -> Option<&mut QueueEntry> {
        self.behind.get_mut(index)
    }

    #[inline(never)]
    fn find_behind(&mut self, number: NonZeroU64) -> Option<&mut QueueEntry> {
        let index = self.index_behind(number)?;
        self.behind.get_mut(index)
    }

    #[inline(never)]
    fn remove_behind(&mut self, number: NonZeroU64) -> Option<QueueEntry> {
        let index = self.index_behind(number)?;
        self.behind.remove(index)
    }

    fn index_behind(&self, number: NonZeroU64) -> Option<usize> {
        self.behind.binary_search_by_key(&number, |entry| entry.number).ok()
    }
}

impl Default for WaitQueue {
    fn default() -> Self {
        Self { first: None, behind: VecDeque::new(), next: NonZeroU64::MIN }
    }
}

impl Default for QueuePlace {
    #[track_caller]
    #[inline]
    fn default() -> Self {
        Self::new()
    }
}

impl QueuePlace {
    /// Returns the place of a leaf that has not waited. The calling line counts as the line that
    /// made the leaf.
    #[track_caller]
    #[inline]
    pub fn new() -> Self {
        Self { number: None, line: Location::caller() }
    }

    /// Returns the number of the place, if the leaf has waited.
    #[inline]
    pub(crate) fn number(&self) -> Option<NonZeroU64> {
        self.number
    }

    /// Returns the line that made the leaf.
    #[inline]
    pub fn line(&self) -> &'static Location<'static> {
        self.line
    }

    /// Returns whether the leaf has waited, and has not gone on since. That stays true when the
    /// queue removes the leaf.
    #[inline]
    pub(crate) fn has_waited(&self) -> bool {
        self.number.is_some()
    }
}
