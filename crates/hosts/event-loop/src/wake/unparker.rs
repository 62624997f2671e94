//! [`Unparker`]: ends the sleep of a loop's thread, from any thread.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
};

/// Wakes the thread of a loop that sleeps.
#[derive(Debug)]
pub(crate) enum Unparker {
    /// It sleeps in the reactor.
    Reactor(mio::Waker),
    /// The loop is a guest of another executor, which sleeps.
    Executor(Arc<ExecutorWaker>),
}

impl Unparker {
    pub(crate) fn unpark(&self) {
        match self {
            // A full counter means that it is awake already; there is no other way to fail.
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

/// How a guest asks the executor around it for a poll: the waker of the last one.
#[derive(Debug)]
pub(crate) struct ExecutorWaker(Mutex<Waker>);

impl ExecutorWaker {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Waker::noop().clone()))
    }

    /// Wakes with this waker from now on.
    pub(crate) fn replace(&self, waker: &Waker) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !current.will_wake(waker) {
            let former = mem::replace(&mut *current, waker.clone());
            drop(current);
            drop(former);
        }
    }

    /// The waker is somebody else's code: it runs while nothing is locked.
    fn wake(&self) {
        let waker = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        waker.wake();
    }
}
