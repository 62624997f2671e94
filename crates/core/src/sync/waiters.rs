//! [`Waiters`]: the tasks that wait on one thing, first come first served.

use std::{
    collections::VecDeque,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use crate::LocalWaker;

/// A queue of waiting tasks.
///
/// Another executor's waker is user code, also when it is cloned or dropped. So wakers come in
/// ready made, and go out to be woken or dropped by the caller once it has let go of the structure
/// around.
///
/// ```text
///  tickets    7      8      9     10         a waiter that leaves in the middle leaves a hole,
///          ┌──────┬──────┬──────┬──────┐     which goes when the front reaches it or when
///   front  │ waker│ hole │ waker│ waker│     holes outnumber waiters
///          └──────┴──────┴──────┴──────┘
/// ```
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    queue: VecDeque<(Ticket, Option<LocalWaker>)>,
    next: Ticket,
    waiting: usize,
}

/// A place in the queue. Tickets grow, so the queue is sorted by them.
pub(crate) type Ticket = u64;

impl Waiters {
    /// Takes a place at the end; who has one already keeps it, and gets its former waker back.
    pub(crate) fn wait(
        &mut self,
        ticket: &mut Option<Ticket>,
        waker: LocalWaker,
    ) -> Option<LocalWaker> {
        match ticket.and_then(|ticket| self.place(ticket)) {
            Some(place) => self.queue[place].1.replace(waker),
            None => {
                self.queue.push_back((self.next, Some(waker)));
                *ticket = Some(self.next);
                self.next += 1;
                self.waiting += 1;
                None
            }
        }
    }

    /// Gives up a place. Nothing comes back when there was none any more: the waiter was woken.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<LocalWaker> {
        let place = self.place(ticket)?;
        let waker = self.queue[place].1.take();
        self.waiting -= 1;
        if self.queue.len() > 2 * self.waiting {
            self.queue.retain(|(_, waker)| waker.is_some());
        }
        waker
    }

    /// Takes the first waiter out, to be woken.
    pub(crate) fn first(&mut self) -> Option<Waiter> {
        while let Some((ticket, waker)) = self.queue.pop_front() {
            if let Some(waker) = waker {
                self.waiting -= 1;
                return Some(Waiter { ticket, waker });
            }
        }
        None
    }

    /// Takes all waiters out, to be woken.
    pub(crate) fn all(&mut self) -> WakeAll {
        self.waiting = 0;
        WakeAll::new(std::mem::take(&mut self.queue))
    }

    /// Whether this place is still waited in.
    pub(crate) fn is_waiting(&self, ticket: Ticket) -> bool {
        self.place(ticket).is_some()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        let place = self.queue.binary_search_by_key(&ticket, |(ticket, _)| *ticket).ok()?;
        self.queue[place].1.is_some().then_some(place)
    }
}

/// All waiters of a queue, taken out of it.
#[must_use = "call `wake` once every borrow has ended"]
pub(crate) struct WakeAll(VecDeque<(Ticket, Option<LocalWaker>)>);

impl WakeAll {
    pub(crate) fn new(waiters: VecDeque<(Ticket, Option<LocalWaker>)>) -> Self {
        Self(waiters)
    }

    /// Wakes them all, in order.
    pub(crate) fn wake(self) {
        wake_each(self.0.into_iter().filter_map(|(_, waker)| waker));
    }
}

/// Wakes them all, in order. A foreign waker may panic: then the others are woken first.
fn wake_each(wakers: impl Iterator<Item = LocalWaker>) {
    let wake = |waker: LocalWaker| catch_unwind(AssertUnwindSafe(|| waker.wake())).err();
    let mut panics: Vec<_> = wakers.filter_map(wake).collect();
    if thread::panicking() {
        // A second panic would abort the process.
        mem::forget(panics);
    } else if !panics.is_empty() {
        resume_unwind(panics.swap_remove(0));
    }
}

/// A waiter that has been taken out of its queue.
#[must_use = "wake it once every borrow has ended"]
pub(crate) struct Waiter {
    pub(crate) ticket: Ticket,
    pub(crate) waker: LocalWaker,
}

/// Wakes waiters that there may be.
pub(crate) fn wake<const N: usize>(waiters: [Option<Waiter>; N]) {
    wake_each(waiters.into_iter().flatten().map(|waiter| waiter.waker));
}
