//! [`RemoteHandle`]: the other end of a task that runs on another thread, and [`Promise`], the end
//! that is there.

use std::{
    fmt,
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
/// Dropped, it leaves the other running. An output that nobody reads is dropped where the task ends,
/// or with the handle if the task has ended; a panic of its destructor is contained.
#[must_use = "it says how the task ends; drop it to let the task run on"]
pub struct RemoteHandle<T> {
    shared: Arc<Shared<T>>,
    has_suspended: bool,
}

/// What the host of such a task has: it says what the task has come to. Dropped without a word, the
/// task counts as cancelled.
#[must_use = "who drops it says that the task was cancelled"]
pub struct Promise<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Drops what nobody will read. A function of its own, as the drop of a handle knows no bound.
    drop_unread: fn(Result<T, JoinError>),
}

struct State<T> {
    joined: Option<Result<T, JoinError>>,
    waker: Option<Waker>,
    /// There while the task is, and somebody who may cancel it.
    canceller: Option<Canceller>,
    is_cancelled: bool,
    is_detached: bool,
    is_over: bool,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        Self {
            joined: None,
            waker: None,
            canceller: None,
            is_cancelled: false,
            is_detached: false,
            is_over: false,
        }
    }
}

impl<T> Shared<T> {
    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task has come to this. Who knows more has said so before.
    fn end(&self, joined: Result<T, JoinError>) {
        let mut state = self.state();
        if state.is_over {
            return;
        }
        state.is_over = true;
        let unread = match state.is_detached {
            true => Some(joined),
            false => {
                state.joined = Some(joined);
                None
            }
        };
        let waker = state.waker.take();
        let canceller = state.canceller.take();
        drop(state);
        drop(canceller);
        unread.map(self.drop_unread);
        if let Some(waker) = waker {
            // It may be somebody else's, and then it may panic: that is no affair of the host.
            contain(|| waker.wake());
        }
    }
}

impl<T> RemoteHandle<T> {
    /// Both ends of a task that is to run elsewhere. For hosts.
    pub fn new() -> (Promise<T>, Self)
    where
        T: 'static,
    {
        let shared = Arc::new(Shared { state: Mutex::default(), drop_unread });
        (Promise { shared: Arc::clone(&shared) }, Self { shared, has_suspended: false })
    }

    /// Takes the task away, wherever it is suspended: its host drops it soon. Harmless when repeated
    /// or too late.
    pub fn cancel(&self) {
        let mut state = self.shared.state();
        state.is_cancelled = true;
        let canceller = state.canceller.clone();
        drop(state);
        if let Some(canceller) = canceller {
            canceller.cancel();
        }
    }

    /// Whether the task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.shared.state().is_over
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
        let mut state = self.shared.state();
        state.is_detached = true;
        let (canceller, waker, unread) =
            (state.canceller.take(), state.waker.take(), state.joined.take());
        drop(state);
        drop(canceller);
        contain(|| drop(waker));
        unread.map(self.shared.drop_unread);
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
        let mut state = self.shared.state();
        if let Some(joined) = state.joined.take() {
            return fairness::done(joined);
        }
        assert!(!state.is_over, "{RESUMED_AFTER_DONE}");
        let former = state.waker.replace(waker);
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
        self.shared.state().is_cancelled
    }

    /// The task can be cancelled by this from now on, and is if it was cancelled before.
    pub fn cancel_by(&self, canceller: Canceller) {
        let mut state = self.shared.state();
        if state.is_cancelled {
            drop(state);
            return canceller.cancel();
        }
        // Nobody will, once the handle is gone: then no host need think that somebody may.
        if !state.is_detached {
            state.canceller = Some(canceller);
        }
    }

    /// The task has come to this, and its destructors have run.
    pub fn end(self, joined: Result<T, JoinError>) {
        self.shared.end(joined);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        self.shared.end(Err(JoinError::Cancelled));
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").finish_non_exhaustive()
    }
}
