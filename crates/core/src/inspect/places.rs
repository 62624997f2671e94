//! [`Places`]: which tasks have a place in the queue of an object, in which order.
//!
//! A queue stores wakers, and a waker that was woken is gone. So the queue does not know to which
//! task its first place belongs. That task may have stopped to poll the leaf which has the place,
//! and then the queue stands still. While a host looks for such tasks, it [keeps](keep_places) the
//! places with their tasks.

use std::{
    cell::{Cell, RefCell},
    num::NonZeroU64,
    panic::Location,
};

use super::{RunningTask, running_task};

thread_local! {
    /// The number of guards that exist.
    static KEEPERS: Cell<usize> = const { Cell::new(0) };
    /// The number of times that a leaf has waited in a place that is kept.
    static WAITS: Cell<u64> = const { Cell::new(0) };
}

/// While this guard exists, the places of leaves that wait on this thread are kept. Made by
/// [`keep_places`].
#[derive(Debug)]
#[must_use = "places are kept until this is dropped"]
pub struct KeptPlaces {
    // It counts for its thread only.
    not_send: std::marker::PhantomData<*const ()>,
}

/// Keeps the places of the leaves that wait from now on, on this thread, with their tasks.
pub fn keep_places() -> KeptPlaces {
    KEEPERS.set(KEEPERS.get() + 1);
    KeptPlaces { not_send: std::marker::PhantomData }
}

impl Drop for KeptPlaces {
    fn drop(&mut self) {
        KEEPERS.set(KEEPERS.get() - 1);
    }
}

/// The place of a leaf in the queue of an object.
#[derive(Clone, Copy, Debug)]
pub struct KeptPlace {
    number: NonZeroU64,
    task: RunningTask,
    line: &'static Location<'static>,
    waited: u64,
}

impl KeptPlace {
    /// Returns the task that has resumed the leaf last.
    pub fn task(&self) -> RunningTask {
        self.task
    }

    /// Returns the line that made the leaf.
    pub fn line(&self) -> &'static Location<'static> {
        self.line
    }

    /// Returns a number that is larger the later the leaf has been resumed last.
    pub fn waited(&self) -> u64 {
        self.waited
    }
}

/// The places that are kept for one object.
#[derive(Default)]
pub(super) struct Places(RefCell<Vec<KeptPlace>>);

impl Places {
    /// Records that the running task waits in this place.
    #[inline]
    pub(super) fn add(&self, number: Option<NonZeroU64>, line: &'static Location<'static>) {
        if KEEPERS.get() > 0 {
            self.keep(number, line);
        }
    }

    #[cold]
    fn keep(&self, number: Option<NonZeroU64>, line: &'static Location<'static>) {
        let (Some(number), Some(task)) = (number, running_task()) else { return };
        WAITS.set(WAITS.get() + 1);
        let place = KeptPlace { number, task, line, waited: WAITS.get() };
        let mut places = self.0.borrow_mut();
        match places.binary_search_by_key(&number, |place| place.number) {
            Ok(index) => places[index] = place,
            Err(index) => places.insert(index, place),
        }
    }

    /// Records that the leaf in this place has gone on or was dropped.
    pub(super) fn remove(&self, number: NonZeroU64) {
        let mut places = self.0.borrow_mut();
        if let Ok(index) = places.binary_search_by_key(&number, |place| place.number) {
            places.remove(index);
        }
    }

    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Returns the places in the order of the queue.
    pub(super) fn in_order(&self) -> Vec<KeptPlace> {
        self.0.borrow().clone()
    }
}
