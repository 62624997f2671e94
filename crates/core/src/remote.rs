//! [`RemoteHandle`]: the other end of a task that runs on another thread, and [`Promise`], the end
//! that is there.

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
};

/// A task that runs elsewhere: on a loop of another thread, on a scheduler with several.
///
/// As a task, performed on any host, it waits for the other to end and is worth its output.
/// Dropped, it leaves the other running. An output that nobody reads is dropped where the task
/// ends, or with the handle if the task has ended; a panic of its destructor is contained.
#[must_use = "it says how the task ends; drop it to let the task run on"]
pub struct RemoteHandle<T> {
    task: Arc<RemoteTask<T>>,
    has_suspended: bool,
}

/// What the host of such a task has: it says what the task has come to. Dropped without a word, the
/// task counts as cancelled.
#[must_use = "who drops it says that the task was cancelled"]
pub struct Promise<T> {
    task: Arc<RemoteTask<T>>,
}

/// A task that runs elsewhere, as both ends know it.
struct RemoteTask<T> {
    state: Mutex<State<T>>,
    /// Drops what nobody will read. A function of its own, as the drop of a handle knows no bound.
    drop_unread: fn(Result<T, JoinError>),
}

enum State<T> {
    /// The task has not ended, and its handle is there.
    Running { waker: Option<Waker>, cancel: Cancel },
    /// The task has not ended, and its handle is gone.
    Detached { is_cancelled: bool },
    /// The task has ended, and its handle has not read how.
    Ended(Result<T, JoinError>),
    /// The task has ended, and there is nothing left to read.
    Over,
}

/// What the handle of a running task does to cancel it.
enum Cancel {
    /// Leaves word: no host has the task yet.
    Note,
    /// Tells the host.
    By(Canceller),
    /// Nothing: it has done so.
    Done,
}

impl<T> RemoteTask<T> {
    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task has come to this. Who knows more has said so before.
    fn end(&self, joined: Result<T, JoinError>) {
        let mut state = self.state();
        let (former, unread) = match *state {
            State::Running { .. } => (mem::replace(&mut *state, State::Ended(joined)), None),
            State::Detached { .. } => (mem::replace(&mut *state, State::Over), Some(joined)),
            State::Ended(_) | State::Over => return,
        };
        drop(state);
        unread.map(self.drop_unread);
        if let State::Running { waker, cancel } = former {
            drop(cancel);
            // It may be somebody else's, and then it may panic: that is no affair of the host.
            contain(|| _ = waker.map(Waker::wake));
        }
    }
}

impl<T> RemoteHandle<T> {
    /// Both ends of a task that is to run elsewhere. For hosts.
    pub fn new() -> (Promise<T>, Self)
    where
        T: 'static,
    {
        let running = State::Running { waker: None, cancel: Cancel::Note };
        let task = Arc::new(RemoteTask { state: Mutex::new(running), drop_unread });
        (Promise { task: Arc::clone(&task) }, Self { task, has_suspended: false })
    }

    /// Takes the task away, wherever it is suspended: its host drops it soon. Harmless when
    /// repeated or too late.
    pub fn cancel(&self) {
        let mut state = self.task.state();
        let State::Running { cancel, .. } = &mut *state else { return };
        let how = mem::replace(cancel, Cancel::Done);
        drop(state);
        if let Cancel::By(canceller) = how {
            canceller.cancel();
        }
    }

    /// Whether the task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        matches!(*self.task.state(), State::Ended(_) | State::Over)
    }

    /// The same handle, which takes the task away when it is dropped before that has ended: so who
    /// waits no more need not cancel it.
    pub fn attached(self) -> Attached<T> {
        Attached { handle: self }
    }
}

/// A [`RemoteHandle`] that cancels its task when it is dropped. Made by
/// [`RemoteHandle::attached`].
#[derive(Debug)]
#[must_use = "dropped, it cancels the task"]
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
    /// Nobody will cancel the task, so the loop need not think that somebody may. Nobody will read
    /// what it came to.
    fn drop(&mut self) {
        let mut state = self.task.state();
        let left = match &*state {
            State::Running { cancel, .. } => {
                State::Detached { is_cancelled: matches!(cancel, Cancel::Done) }
            }
            State::Detached { .. } | State::Ended(_) | State::Over => State::Over,
        };
        let former = mem::replace(&mut *state, left);
        drop(state);
        match former {
            State::Running { waker, cancel } => {
                drop(cancel);
                contain(|| drop(waker));
            }
            State::Ended(unread) => (self.task.drop_unread)(unread),
            State::Detached { .. } | State::Over => {}
        }
    }
}

/// Drops what a task has come to that nobody will read. Its destructor may panic, and may drop the
/// handle of another task.
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
        // Somebody else's code, perhaps: run while nothing is locked.
        let waker = cx.waker().clone();
        let mut state = self.task.state();
        let former = match mem::replace(&mut *state, State::Over) {
            State::Running { waker: former, cancel } => {
                *state = State::Running { waker: Some(waker), cancel };
                former
            }
            State::Ended(joined) => return fairness::done(joined),
            State::Detached { .. } | State::Over => panic!("{RESUMED_AFTER_DONE}"),
        };
        drop(state);
        drop(former);
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
    /// Whether nobody wants the task any more.
    pub fn is_cancelled(&self) -> bool {
        let cancelled = |state: &State<T>| match state {
            State::Running { cancel, .. } => matches!(cancel, Cancel::Done),
            State::Detached { is_cancelled } => *is_cancelled,
            State::Ended(_) | State::Over => false,
        };
        cancelled(&self.task.state())
    }

    /// The task can be cancelled by this from now on, and is if it was cancelled before.
    pub fn cancel_by(&self, canceller: Canceller) {
        let mut state = self.task.state();
        match &mut *state {
            State::Running { cancel: cancel @ (Cancel::Note | Cancel::By(_)), .. } => {
                *cancel = Cancel::By(canceller);
            }
            State::Running { cancel: Cancel::Done, .. }
            | State::Detached { is_cancelled: true } => {
                drop(state);
                canceller.cancel();
            }
            // Nobody will, once the handle is gone: then no host need think that somebody may.
            State::Detached { is_cancelled: false } | State::Ended(_) | State::Over => {}
        }
    }

    /// The task has come to this, and its destructors have run.
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
