//! [`Readiness`]: whether a descriptor may be ready, and which tasks wait until it is.
//!
//! The operating system reports when a descriptor *becomes* ready, once. Such a report is called an
//! *edge*. It does not report that the descriptor still is ready. So an operation first tries the
//! system call, and waits only when the call would block:
//!
//! ```text
//!   operation                                    reactor
//!   1. edge = maybe_ready ── none ──┐            a. edges += 1
//!   2. try the system call          │            b. takes the stored wakers
//!   3. WouldBlock: drained = edge   │            c. wakes them
//!   4. wait: drained == edges? ◄────┘
//!      yes: stores its waker and suspends
//!      no: an edge came since 1: back to 1
//! ```
//!
//! Step 4 is under one lock, and so are a and b together. So either 4 sees the edge, or b sees the
//! waker. Step 3 notes the edge from *before* the try. So an edge that comes while the kernel
//! answers is newer and counts.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    Context,
    descriptors::short_reads::ShortReads,
    destructors::contain,
    sync::{
        deferred::{update, update_with},
        wait_queue::{QueuePlace, WaitQueue},
    },
};

/// The kind of operation that a task wants to do with a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// To read from the descriptor, or to accept a connection.
    Readable,
    /// To write to the descriptor, or to be connected.
    Writable,
}

/// Whether a descriptor may be ready, and which tasks wait until it is, for each [`Interest`].
///
/// A [`Reactor`](crate::host::Reactor) reports edges to it, and operations consult it. Any thread
/// may use it.
#[derive(Debug, Default)]
pub struct Readiness {
    readable: Direction,
    writable: Direction,
    short_reads: ShortReads,
}

/// The number of edges at the time when an operation was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge(u64);

#[derive(Debug)]
struct Direction {
    /// The number of times the descriptor has become ready. It starts at one, because a descriptor
    /// that no operation has tried yet may be ready.
    edges: AtomicU64,
    /// The number of edges at the time of the last try that would have blocked.
    drained: AtomicU64,
    waiting: Mutex<WaitQueue>,
}

impl Readiness {
    /// Returns the edge to try an operation with, or `None` when the operation would block.
    #[inline]
    pub fn maybe_ready(&self, interest: Interest) -> Option<Edge> {
        let direction = self.direction(interest);
        let edges = direction.edges.load(Ordering::Acquire);
        (direction.drained.load(Ordering::Relaxed) != edges).then_some(Edge(edges))
    }

    /// Notes that an operation that was tried with this edge would have blocked.
    pub fn drained(&self, interest: Interest, edge: Edge) {
        // Another task may have tried later, and may have noted a newer edge already.
        self.direction(interest).drained.fetch_max(edge.0, Ordering::Relaxed);
    }

    /// Notes that a read with this edge has filled a part of its buffer only. Where such a short
    /// read means that nothing is left, the next read is not tried. That saves a system call.
    #[inline]
    pub fn short(&self, edge: Edge) {
        if self.short_reads.are_trusted() {
            self.drained(Interest::Readable, edge);
        }
    }

    /// Declares that a short read means that nothing is left: the descriptor is a plain TCP socket,
    /// and only its source uses it. To be called before the descriptor is registered.
    pub fn trust_short_reads(&self) {
        self.short_reads.trust();
    }

    /// Declares that from now on a short read means nothing. A reactor calls this when the
    /// descriptor has urgent bytes, an end or an error, and before it calls
    /// [`edge`](Readiness::edge). A source calls it before other code may use the descriptor.
    pub fn distrust(&self) {
        self.short_reads.distrust();
    }

    /// Returns whether a short read may be trusted, provided that the reactor reports urgent bytes.
    pub fn may_trust(&self) -> bool {
        self.short_reads.may_be_trusted()
    }

    /// Notes, before the descriptor is registered with a reactor, whether that reactor reports
    /// urgent bytes.
    pub fn watch_urgent(&self, watched: bool) {
        self.short_reads.watch(watched);
    }

    /// Stores the task's waker, which the next edge wakes, and returns true. If an edge has come
    /// since the last try, stores nothing and returns false: the caller then tries again.
    ///
    /// The caller suspends with [`Wait::Ready`](crate::Wait::Ready). The host does not count the
    /// stored waker as given away (see [`Context::local_waker`]). The wait itself shows the host
    /// that the reactor will wake the task.
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

    /// Ends the wait of an operation that is done or dropped. Does nothing if it does not wait.
    pub fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        if place.has_waited() {
            update(self.direction(interest).waiting(), |waiting, deferred| {
                waiting.leave(place, deferred);
            });
        }
    }

    /// Returns whether any operation waits.
    pub fn has_waiters(&self) -> bool {
        [&self.readable, &self.writable].iter().any(|it| !it.waiting().is_empty())
    }

    /// Records that the descriptor may have become ready, and wakes all tasks that wait for that.
    /// For reactors.
    pub fn edge(&self, interest: Interest) {
        let direction = self.direction(interest);
        let waiting = direction.waiting();
        direction.edges.fetch_add(1, Ordering::Release);
        if !waiting.is_empty() {
            // A waker of another executor may panic. The reactor must not be affected by that.
            contain(|| {
                update(waiting, |waiting, deferred| waiting.notify_and_remove_from(0, deferred));
            });
        }
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
    /// No user code runs under this lock, so the queue is complete even if the lock is poisoned.
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

    /// Returns a waker, and the number of its wakes.
    fn counting_waker() -> (Waker, Arc<Wakes>) {
        let count = Arc::new(Wakes::default());
        (Waker::from(Arc::clone(&count)), count)
    }

    #[test]
    fn an_untried_descriptor_may_be_ready() {
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
        let mut place = QueuePlace::new();
        assert!(!readiness.wait(Readable, &mut place, &Context::new(Waker::noop())));
        assert!(!readiness.has_waiters());
    }

    #[test]
    fn an_edge_wakes_all_that_wait_for_it_once() {
        let (readiness, (waker, count)) = (Readiness::default(), counting_waker());
        let cx = Context::new(&waker);
        let mut places = [QueuePlace::new(), QueuePlace::new(), QueuePlace::new()];
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
        assert_eq!(count.0.load(Ordering::Relaxed), 2, "a task that no longer waits is not woken");
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
