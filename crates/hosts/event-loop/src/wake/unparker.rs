//! [`Unparker`]: ends the sleep of a loop's thread, from any thread.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
};

/// Ends the sleep of a loop's thread.
#[derive(Debug)]
pub(crate) enum Unparker {
    /// The loop's thread sleeps in the reactor.
    Reactor(mio::Waker),
    /// The loop runs inside another executor, which sleeps.
    Executor(Arc<ExecutorWaker>),
}

impl Unparker {
    pub(crate) fn unpark(&self) {
        match self {
            // It only fails if the counter is full. Then the thread is awake already.
            Self::Reactor(waker) => _ = waker.wake(),
            Self::Executor(waker) => waker.wake(),
        }
    }
}

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }
}

/// How a loop inside another executor asks for a poll: with the waker of the last poll.
#[derive(Debug)]
pub(crate) struct ExecutorWaker(Mutex<Waker>);

impl ExecutorWaker {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Waker::noop().clone()))
    }

    /// Uses this waker from now on.
    pub(crate) fn replace(&self, waker: &Waker) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.will_wake(waker) {
            let former = mem::replace(&mut *current, waker.clone());
            drop(current);
            drop(former);
        }
    }

    /// The waker is code of another crate, so it runs while nothing is locked.
    fn wake(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        waker.wake();
    }
}
