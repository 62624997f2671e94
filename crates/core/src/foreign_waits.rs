//! [`ForeignWaits`]: the waits of a future-style task that belong to foreign wakers. `perform`
//! explains when there are some.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::Waker,
    time::Instant,
};

use crate::{Context, Wait};

/// The waits of the `Perform`s in a future-style task that were polled with foreign wakers. Each
/// has its waker, which is woken when the wait is over.
///
/// A wait that was replaced, or whose `Perform` is gone, no longer counts. It is removed when it
/// would be the next. So nothing searches for it, and a poll costs as much as the waits that are
/// over or new in it.
#[derive(Default)]
pub(crate) struct ForeignWaits {
    /// They are over in the next poll.
    turns: Vec<ForeignWait>,
    /// The earliest deadline first, and then the waits for descriptors.
    later: BinaryHeap<ForeignWait>,
}

/// A wait with a waker that is not the task's own.
pub(crate) struct ForeignWait {
    /// The number of this wait: each has a higher number than the waits before.
    number: u64,
    wait: Wait,
    pub(crate) waker: Waker,
    last_of_perform: Arc<AtomicU64>,
}

/// The number of the last wait of a `Perform`, if it was ever polled with a foreign waker. Other
/// waits with the same `LastWait` no longer count.
#[derive(Debug, Default)]
pub(crate) struct LastWait(Option<Arc<AtomicU64>>);

/// The number of a `LastWait` without a wait.
const NONE: u64 = 0;

impl ForeignWaits {
    /// Adds a wait, which replaces the former wait of the same `Perform`. Returns waits that no
    /// longer count. Their wakers may run user code when they are dropped.
    #[must_use = "the wakers are dropped while nothing is borrowed"]
    pub(crate) fn add(
        &mut self,
        wait: Wait,
        waker: Waker,
        last: &mut LastWait,
    ) -> Vec<ForeignWait> {
        static ADDED: AtomicU64 = AtomicU64::new(NONE);
        let last_of_perform = Arc::clone(last.0.get_or_insert_default());
        let number = ADDED.fetch_add(1, Relaxed) + 1;
        last_of_perform.store(number, Relaxed);
        let is_turn = wait == Wait::Turn;
        let foreign = ForeignWait { number, wait, waker, last_of_perform };
        if is_turn {
            self.turns.push(foreign);
            return Vec::new();
        }
        let unneeded = self.make_room();
        self.later.push(foreign);
        unneeded
    }

    /// If there is no room for one more wait, removes the waits that no longer count. Afterwards
    /// there is room for as many waits as are left, so this is rare.
    fn make_room(&mut self) -> Vec<ForeignWait> {
        if self.later.len() < self.later.capacity() {
            return Vec::new();
        }
        let mut waits = mem::take(&mut self.later).into_vec();
        let unneeded = waits.extract_if(.., |wait| !wait.counts()).collect();
        waits.reserve(waits.len());
        self.later = waits.into();
        unneeded
    }

    /// Takes out the waits that are over in a poll that begins now, in the order in which they were
    /// added.
    pub(crate) fn take_over(&mut self, cx: &Context<'_>) -> Vec<ForeignWait> {
        let mut over = mem::take(&mut self.turns);
        if let Some(ForeignWait { wait: Wait::Until(_), .. }) = self.later.peek() {
            let now = cx.now();
            while let Some(next) = self.later.peek()
                && next.deadline().is_some_and(|deadline| deadline <= now)
            {
                over.extend(self.later.pop());
            }
        }
        over.sort_by_key(|wait| wait.number);
        over
    }

    /// Returns the sum of the waits that count. Drops others, so nothing may be borrowed.
    pub(crate) fn sum(&mut self) -> Wait {
        while self.turns.pop_if(|wait| !wait.counts()).is_some() {}
        if !self.turns.is_empty() {
            return Wait::Turn;
        }
        while let Some(first) = self.later.peek() {
            if first.counts() {
                return first.wait.clone();
            }
            self.later.pop();
        }
        Wait::Wake
    }

    pub(crate) fn len(&self) -> usize {
        self.turns.len() + self.later.len()
    }

    /// Returns all waits, in the order in which they were added.
    pub(crate) fn into_vec(self) -> Vec<ForeignWait> {
        let mut waits = self.turns;
        waits.extend(self.later);
        waits.sort_by_key(|wait| wait.number);
        waits
    }
}

impl LastWait {
    /// Notes that the `Perform` waits for a wake only, or is gone.
    #[inline]
    pub(crate) fn forget(&self) {
        if let Some(last) = &self.0 {
            last.store(NONE, Relaxed);
        }
    }
}

impl Drop for LastWait {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.forget();
        }
    }
}

impl ForeignWait {
    /// Returns whether this is the last wait of a `Perform` that exists.
    pub(crate) fn counts(&self) -> bool {
        self.last_of_perform.load(Relaxed) == self.number
    }

    fn deadline(&self) -> Option<Instant> {
        match self.wait {
            Wait::Until(deadline) => Some(deadline),
            Wait::Turn | Wait::Ready | Wait::Wake => None,
        }
    }
}

/// The first wait in a heap is the greatest one: the wait with the earliest deadline. A wait for a
/// descriptor has no deadline and is smaller than all others.
impl Ord for ForeignWait {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |wait: &Self| (wait.deadline().map(Reverse), Reverse(wait.number));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for ForeignWait {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ForeignWait {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ForeignWait {}
