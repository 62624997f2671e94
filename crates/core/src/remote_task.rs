//! A task that runs on another thread: [`RemoteHandle`] waits for its output or cancels it, and
//! with a [`Promise`] its host reports the output.

use std::{
    fmt, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use crate::{
    Canceller, Context, JoinError, RESUMED_AFTER_DONE, Step, Task, Wait,
    destructors::{contain, run_destructors},
    fairness,
    inspect::{LeafKind, ObjectNumber, note},
};

/// A handle to a task that runs elsewhere: on the loop of another thread, or on a scheduler with
/// several threads.
///
/// The handle is itself a task: performed on any host, it waits until the other task has ended and
/// returns its output. If the handle is dropped, the other task runs on.
///
/// An output that is not read is dropped where the task ends, or together with the handle if the
/// task has ended before. A panic of its destructor is contained.
#[must_use = "perform it to get the output; drop it to let the task run on"]
pub struct RemoteHandle<T> {
    task: Arc<RemoteTask<T>>,
    has_suspended: bool,
}

/// The other end of a [`RemoteHandle`], which belongs to the host of the task. With it, the host
/// reports how the task ended. If it is dropped without a report, the task counts as cancelled.
#[must_use = "dropping it reports that the task was cancelled"]
pub struct Promise<T> {
    task: Arc<RemoteTask<T>>,
}

/// The state of a task that runs elsewhere, shared by both ends.
struct RemoteTask<T> {
    state: Mutex<State<T>>,
    /// Drops an output that will not be read. It is a function pointer, because the `Drop` of a
    /// handle has no bound on `T`.
    drop_unread: fn(Result<T, JoinError>),
}

enum State<T> {
    /// The task has not ended, and its handle exists.
    Running { waker: Option<Waker>, cancel: Cancellation },
    /// The task has not ended, and its handle has been dropped.
    Detached { is_cancelled: bool },
    /// The task has ended, and its handle has not read the result.
    Ended(Result<T, JoinError>),
    /// The task has ended, and no result is left to be read.
    Consumed,
}

/// The way in which the handle of a running task cancels it.
enum Cancellation {
    /// The handle makes a note of the cancel, because no host has the task yet.
    NoHostYet,
    /// The handle calls the host.
    Through(Canceller),
    /// The handle does nothing, because it has cancelled the task already.
    Requested,
}

impl<T> RemoteTask<T> {
    /// No user code runs under this lock, so the state is complete even if the lock is poisoned.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the result of the task, unless a result was recorded before.
    fn end(&self, joined: Result<T, JoinError>) {
        let mut state = self.state();
        let (former, unread) = match *state {
            State::Running { .. } => (mem::replace(&mut *state, State::Ended(joined)), None),
            State::Detached { .. } => (mem::replace(&mut *state, State::Consumed), Some(joined)),
            State::Ended(_) | State::Consumed => return,
        };
        drop(state);
        unread.map(self.drop_unread);
        if let State::Running { waker, cancel } = former {
            drop(cancel);
            // A waker of another executor may panic. The host must not be affected by that.
            contain(|| _ = waker.map(Waker::wake));
        }
    }
}

impl<T> RemoteHandle<T> {
    /// Makes both ends of a task that is to run elsewhere. For hosts.
    pub fn new() -> (Promise<T>, Self)
    where
        T: 'static,
    {
        let running = State::Running { waker: None, cancel: Cancellation::NoHostYet };
        let task = Arc::new(RemoteTask { state: Mutex::new(running), drop_unread });
        (Promise { task: Arc::clone(&task) }, Self { task, has_suspended: false })
    }

    /// Cancels the task: its host drops it soon, wherever it is suspended. A call is harmless if
    /// the task has ended or was cancelled before.
    pub fn cancel(&self) {
        let mut state = self.task.state();
        let State::Running { cancel, .. } = &mut *state else { return };
        let cancel = mem::replace(cancel, Cancellation::Requested);
        drop(state);
        if let Cancellation::Through(canceller) = cancel {
            canceller.cancel();
        }
    }

    /// Returns whether the task has ended: with an output, by a panic or by a cancel.
    pub fn is_finished(&self) -> bool {
        matches!(*self.task.state(), State::Ended(_) | State::Consumed)
    }

    /// Converts this into a handle that cancels the task when it is dropped. So a task that stops
    /// waiting for the other one need not cancel it.
    pub fn attached(self) -> Attached<T> {
        Attached { handle: self }
    }
}

/// A [`RemoteHandle`] that cancels its task when it is dropped. Made by
/// [`RemoteHandle::attached`].
#[derive(Debug)]
#[must_use = "dropping it cancels the task"]
pub struct Attached<T> {
    handle: RemoteHandle<T>,
}

impl<T> Drop for Attached<T> {
    fn drop(&mut self) {
        self.handle.cancel();
    }
}

impl<T> Task for Attached<T> {
    type Output = Result<T, JoinError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        Pin::new(&mut self.handle).resume(cx)
    }
}

impl<T> Drop for RemoteHandle<T> {
    /// Drops the way to cancel the task, so that the loop no longer expects a cancel from outside.
    /// Also drops the result, if there is one.
    fn drop(&mut self) {
        let mut state = self.task.state();
        let left = match &*state {
            State::Running { cancel, .. } => {
                State::Detached { is_cancelled: matches!(cancel, Cancellation::Requested) }
            }
            State::Detached { .. } | State::Ended(_) | State::Consumed => State::Consumed,
        };
        let former = mem::replace(&mut *state, left);
        drop(state);
        match former {
            State::Running { waker, cancel } => {
                drop(cancel);
                contain(|| drop(waker));
            }
            State::Ended(unread) => (self.task.drop_unread)(unread),
            State::Detached { .. } | State::Consumed => {}
        }
    }
}

/// Drops a result that will not be read. Its destructor may panic, and may drop the handle of
/// another task.
fn drop_unread<T: 'static>(joined: Result<T, JoinError>) {
    run_destructors(move || _ = contain(|| drop(joined)));
}

impl<T> Task for RemoteHandle<T> {
    type Output = Result<T, JoinError>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        if fairness::gives_way(self.has_suspended) {
            self.has_suspended = true;
            return Step::Suspended(Wait::Turn);
        }
        self.has_suspended = true;
        // The clone may be user code of another executor, so nothing is locked here.
        let waker = cx.waker().clone();
        let mut state = self.task.state();
        let former = match mem::replace(&mut *state, State::Consumed) {
            State::Running { waker: former, cancel } => {
                *state = State::Running { waker: Some(waker), cancel };
                former
            }
            State::Ended(joined) => return fairness::done(joined),
            State::Detached { .. } | State::Consumed => panic!("{RESUMED_AFTER_DONE}"),
        };
        drop(state);
        drop(former);
        note(LeafKind::Join, cx.line(), ObjectNumber::NONE);
        Step::Suspended(Wait::Wake)
    }
}

impl<T> fmt::Debug for RemoteHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_finished = self.is_finished();
        f.debug_struct("RemoteHandle").field("is_finished", &is_finished).finish_non_exhaustive()
    }
}

impl<T> Promise<T> {
    /// Returns whether the handle has cancelled the task.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = |state: &State<T>| match state {
            State::Running { cancel, .. } => matches!(cancel, Cancellation::Requested),
            State::Detached { is_cancelled } => *is_cancelled,
            State::Ended(_) | State::Consumed => false,
        };
        cancelled(&self.task.state())
    }

    /// Sets the canceller that the handle calls from now on. If the task was cancelled before,
    /// calls it at once.
    pub fn cancel_by(&self, canceller: Canceller) {
        let mut state = self.task.state();
        match &mut *state {
            State::Running {
                cancel: cancel @ (Cancellation::NoHostYet | Cancellation::Through(_)),
                ..
            } => {
                *cancel = Cancellation::Through(canceller);
            }
            State::Running { cancel: Cancellation::Requested, .. }
            | State::Detached { is_cancelled: true } => {
                drop(state);
                canceller.cancel();
            }
            // Only the handle could cancel the task, and it is gone. So the canceller is dropped,
            // and no host expects a cancel from outside.
            State::Detached { is_cancelled: false } | State::Ended(_) | State::Consumed => {}
        }
    }

    /// Reports the result of the task, whose destructors have run.
    pub fn end(self, joined: Result<T, JoinError>) {
        self.task.end(joined);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.task.end(Err(JoinError::Cancelled));
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").finish_non_exhaustive()
    }
}
