//! [`Readiness`]: whether a descriptor may be ready, and who waits until it is.
//!
//! The operating system tells when a descriptor *becomes* ready (an edge), once, and not that it
//! still is. So who uses one tries first and waits only when there is nothing:
//!
//! ```text
//!   operation                                    reactor
//!   1. edge = maybe_ready ── none ──┐            a. edges += 1
//!   2. try the system call          │            b. takes out who waits
//!   3. WouldBlock: drained = edge   │            c. wakes them
//!   4. wait: drained == edges? ◄────┘
//!      yes: leaves its waker and suspends
//!      no: an edge came since 1: back to 1
//! ```
//!
//! 4, and a with b, are under one lock: either 4 sees the edge, or b sees the waker. And as 3 notes
//! down the edge from *before* the try, one that comes while the kernel answers is newer and
//! counts.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    Context,
    descriptors::short_reads::ShortReads,
    destructors::contain,
    sync::wait_queue::{QueuePlace, WaitQueue, update, update_with},
};

/// What a task wants to do with a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Read from it, or accept.
    Readable,
    /// Write to it, or be connected.
    Writable,
}

/// Whether a descriptor may be ready, for each [`Interest`], and who waits until it is.
///
/// A [`Reactor`](crate::host::Reactor) tells it of edges; operations ask it. It belongs to no
/// thread.
#[derive(Debug, Default)]
pub struct Readiness {
    readable: Direction,
    writable: Direction,
    short_reads: ShortReads,
}

/// How many edges there had been when an operation was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge(u64);

#[derive(Debug)]
struct Direction {
    /// How often it has become ready. What nobody has tried yet may be ready, so it begins with
    /// one.
    edges: AtomicU64,
    /// With how many of these a try has found nothing left.
    drained: AtomicU64,
    waiting: Mutex<WaitQueue>,
}

impl Readiness {
    /// The edge to try with; none when a try would find nothing.
    #[inline]
    pub fn maybe_ready(&self, interest: Interest) -> Option<Edge> {
        let direction = self.direction(interest);
        let edges = direction.edges.load(Ordering::Acquire);
        (direction.drained.load(Ordering::Relaxed) != edges).then_some(Edge(edges))
    }

    /// A try with this edge would have had to block.
    pub fn drained(&self, interest: Interest, edge: Edge) {
        // Another task may have tried later and noted that down already.
        self.direction(interest).drained.fetch_max(edge.0, Ordering::Relaxed);
    }

    /// A read with this edge has filled a part of its buffer. Where that says that nothing is left,
    /// the next one is not tried: a system call less.
    #[inline]
    pub fn short(&self, edge: Edge) {
        if self.short_reads.are_trusted() {
            self.drained(Interest::Readable, edge);
        }
    }

    /// A short read may be trusted: this is a plain TCP socket that nobody else uses. To be said
    /// before it is registered.
    pub fn trust_short_reads(&self) {
        self.short_reads.trust();
    }

    /// No short read says anything from now on. For reactors: when the descriptor has urgent bytes,
    /// an end or an error, before [`edge`](Readiness::edge). And for sources, before somebody else
    /// may use the descriptor.
    pub fn distrust(&self) {
        self.short_reads.distrust();
    }

    /// Whether a short read may be trusted, if the reactor tells of urgent bytes.
    pub fn may_trust(&self) -> bool {
        self.short_reads.may_be_trusted()
    }

    /// It is about to be registered with a reactor that tells of urgent bytes, or with one that
    /// does not.
    pub fn watch_urgent(&self, watched: bool) {
        self.short_reads.watch(watched);
    }

    /// Leaves the task's waker here, to be woken by the next edge. False, and no waker is left,
    /// when one has come since the last try: then try again.
    ///
    /// The caller suspends with [`Wait::Ready`](crate::Wait::Ready). The waker does not count as
    /// given away (see [`Context::local_waker`]): it is that wait by which the host knows.
    pub fn wait(&self, interest: Interest, place: &mut QueuePlace, cx: &Context<'_>) -> bool {
        let waker = cx.local_waker();
        update_with(waker, self.direction(interest).waiting(), |waiting, deferred| {
            let waits = self.maybe_ready(interest).is_none();
            if waits {
                waiting.wait(place, deferred);
            }
            waits
        })
    }

    /// Waits no more, if it still does: done, or dropped.
    pub fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        if place.is_taken() {
            update(self.direction(interest).waiting(), |waiting, deferred| {
                waiting.leave(place, deferred);
            });
        }
    }

    /// Whether any operation waits.
    pub fn has_waiters(&self) -> bool {
        [&self.readable, &self.writable].iter().any(|it| !it.waiting().is_empty())
    }

    /// It may have become ready: wakes all that wait. For reactors.
    pub fn edge(&self, interest: Interest) {
        let direction = self.direction(interest);
        let edge = || {
            update(direction.waiting(), |waiting, deferred| {
                direction.edges.fetch_add(1, Ordering::Release);
                waiting.dismiss_from(0, deferred);
            });
        };
        // A foreign waker may panic: that is no affair of the reactor.
        contain(edge);
    }

    fn direction(&self, interest: Interest) -> &Direction {
        match interest {
            Interest::Readable => &self.readable,
            Interest::Writable => &self.writable,
        }
    }
}

impl Default for Direction {
    fn default() -> Self {
        Self { edges: AtomicU64::new(1), drained: AtomicU64::new(0), waiting: Mutex::default() }
    }
}

impl Direction {
    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn waiting(&self) -> MutexGuard<'_, WaitQueue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicUsize},
        task::{Wake, Waker},
    };

    use super::*;
    use Interest::{Readable, Writable};

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A waker, and how often it was woken.
    fn counting() -> (Waker, Arc<Wakes>) {
        let count = Arc::new(Wakes::default());
        (Waker::from(Arc::clone(&count)), count)
    }

    #[test]
    fn what_nobody_has_tried_may_be_ready() {
        let readiness = Readiness::default();
        assert!(readiness.maybe_ready(Readable).is_some());
        assert!(readiness.maybe_ready(Writable).is_some());
    }

    #[test]
    fn an_edge_that_comes_while_the_kernel_answers_is_not_lost() {
        let readiness = Readiness::default();
        let edge = readiness.maybe_ready(Readable).unwrap();
        readiness.edge(Readable);
        readiness.drained(Readable, edge);
        assert!(readiness.maybe_ready(Readable).is_some());
        let mut place = QueuePlace::default();
        assert!(!readiness.wait(Readable, &mut place, &Context::new(Waker::noop())));
        assert!(!readiness.has_waiters());
    }

    #[test]
    fn an_edge_wakes_all_that_wait_for_it_once() {
        let (readiness, (waker, count)) = (Readiness::default(), counting());
        let cx = Context::new(&waker);
        let mut places = [QueuePlace::default(), QueuePlace::default(), QueuePlace::default()];
        for (place, interest) in places.iter_mut().zip([Readable, Readable, Writable]) {
            if let Some(edge) = readiness.maybe_ready(interest) {
                readiness.drained(interest, edge);
            }
            assert!(readiness.wait(interest, place, &cx));
        }
        readiness.edge(Readable);
        readiness.edge(Readable);
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "two readers, and not the writer");
        readiness.leave(Writable, &mut places[2]);
        readiness.edge(Writable);
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "who has left is not woken");
    }

    #[test]
    fn an_edge_that_comes_during_a_short_read_is_not_lost() {
        let readiness = Readiness::default();
        readiness.trust_short_reads();
        readiness.watch_urgent(true);
        let edge = readiness.maybe_ready(Readable).unwrap();
        readiness.edge(Readable);
        readiness.short(edge);
        assert!(readiness.maybe_ready(Readable).is_some());
    }
}
