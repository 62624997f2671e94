//! [`Gate`]: a thread raises it, and a task on a loop of another thread answers.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Relaxed, Release, SeqCst},
        },
    },
    task::{Context, Poll, Waker},
};

/// Raised by the thread that measures, and answered by the task of a contender.
#[derive(Debug, Default)]
pub struct Gate {
    raised: AtomicU64,
    answered: AtomicU64,
    waker: Mutex<Option<Waker>>,
    /// The thread of the loop, as the kernel numbers it.
    thread: AtomicU64,
}

/// The number that tells the task to end.
const CLOSED: u64 = u64::MAX;

impl Gate {
    /// The body of the task: answers every time the gate is raised, until it is closed.
    pub async fn serve(self: Arc<Self>) {
        self.served_here();
        let mut seen = 0;
        loop {
            seen = GateFuture { gate: &self, seen }.await;
            if seen == CLOSED {
                return;
            }
            self.answer(seen);
        }
    }

    /// Notes the thread of the loop. [`serve`](Self::serve) calls it.
    pub fn served_here(&self) {
        self.thread.store(crate::resources::thread(), Relaxed);
    }

    /// Returns the number of times that the gate was raised, if it is not `seen`. Returns
    /// `u64::MAX` if it is closed. A task that is no future calls this, and
    /// [`register`](Self::register) before it suspends.
    #[inline]
    pub fn raised_since(&self, seen: u64) -> Option<u64> {
        let raised = self.raised.load(SeqCst);
        (raised != seen).then_some(raised)
    }

    /// Keeps the waker for the next time that the gate is raised. Call
    /// [`raised_since`](Self::raised_since) again afterwards.
    pub fn register(&self, waker: &Waker) {
        let mut kept = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *kept {
            Some(kept) => kept.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    /// Answers. Call it with the number of [`raised_since`](Self::raised_since).
    #[inline]
    pub fn answer(&self, seen: u64) {
        self.answered.store(seen, Release);
    }

    /// Raises the gate and wakes the task, which keeps its waker.
    pub(crate) fn raise(&self) -> u64 {
        let raised = self.raised.fetch_add(1, SeqCst) + 1;
        self.wake();
        raised
    }

    pub(crate) fn close(&self) {
        self.raised.store(CLOSED, SeqCst);
        self.wake();
    }

    pub(crate) fn is_answered(&self, raised: u64) -> bool {
        self.answered.load(Acquire) == raised
    }

    /// Returns the thread of the loop, or 0 before the task has run.
    pub(crate) fn thread(&self) -> u64 {
        self.thread.load(Relaxed)
    }

    fn wake(&self) {
        // A guard that lives during the wake could make the loop's thread sleep for the lock.
        let kept = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = kept {
            waker.wake();
        }
    }
}

/// Waits until a [`Gate`] is raised.
#[derive(Debug)]
pub struct GateFuture<'a> {
    gate: &'a Gate,
    seen: u64,
}

impl Future for GateFuture<'_> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        if let Some(raised) = self.gate.raised_since(self.seen) {
            return Poll::Ready(raised);
        }
        self.gate.register(cx.waker());
        match self.gate.raised_since(self.seen) {
            Some(raised) => Poll::Ready(raised),
            None => Poll::Pending,
        }
    }
}
