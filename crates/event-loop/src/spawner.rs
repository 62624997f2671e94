//! [`Spawner`]: tasks for a loop, from any thread.
//!
//! What crosses the threads is the closure that makes the task, and what the task comes to. The
//! task itself need not be `Send`: it is made where it runs, and stays there.

use std::{
    fmt,
    future::IntoFuture,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use quadrivium_core::{
    Canceller, Context, JoinError, JoinHandle, Perform, RESUMED_AFTER_DONE, Step, Task, Wait,
};

use crate::mailboxes::Remote;

/// Hands tasks to a loop, from any thread. Made by [`EventLoop::spawner`](crate::EventLoop::spawner).
///
/// While one exists, a loop whose tasks all wait is no deadlock: somebody may hand it one more.
///
/// ```
/// use quadrivium_core::turn;
/// use quadrivium_event_loop::EventLoop;
/// use std::thread;
///
/// let mut event_loop = EventLoop::new()?;
/// let spawner = event_loop.spawner();
/// let elsewhere = thread::spawn(move || spawner.spawn(turn));
/// let handle = elsewhere.join().unwrap();
/// event_loop.block_on(handle)??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spawner {
    remote: Remote,
}

impl Spawner {
    pub(crate) fn new(remote: Remote) -> Self {
        Self { remote }
    }

    /// Has the loop call `make`, in its next turn, and takes the task that it makes.
    ///
    /// When the loop is gone, or goes before that, `make` is dropped and the task counts as
    /// cancelled.
    pub fn spawn<F, T>(&self, make: F) -> RemoteHandle<T::Output>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Task + 'static,
        T::Output: Send + 'static,
    {
        let shared = Arc::new(Shared { state: Mutex::default() });
        let promise = Promise { shared: Arc::clone(&shared) };
        self.remote.run(Box::new(move || promise.keep(make)));
        RemoteHandle { shared }
    }
}

/// A task that runs on a loop, perhaps of another thread. Made by [`Spawner::spawn`].
///
/// As a task, performed on any loop, it waits for the other to end and is worth its output.
/// Dropped, it leaves the other running.
#[must_use = "it says how the task ends; drop it to let the task run on"]
pub struct RemoteHandle<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
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
        state.joined = Some(joined);
        let waker = state.waker.take();
        let canceller = state.canceller.take();
        drop(state);
        drop(canceller);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> RemoteHandle<T> {
    /// Takes the task away: the loop drops it in its next turn. Harmless when repeated or too late.
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
}

impl<T> Drop for RemoteHandle<T> {
    /// Nobody will cancel the task, so the loop need not think that somebody may.
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.is_detached = true;
        let left = (state.canceller.take(), state.waker.take());
        drop(state);
        drop(left);
    }
}

impl<T> Task for RemoteHandle<T> {
    type Output = Result<T, JoinError>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        // Somebody else's code, perhaps: run while nothing is locked.
        let waker = cx.waker().clone();
        let mut state = self.shared.state();
        if let Some(joined) = state.joined.take() {
            return Step::Done(joined);
        }
        assert!(!state.is_over, "{RESUMED_AFTER_DONE}");
        let former = state.waker.replace(waker);
        drop(state);
        drop(former);
        Step::Suspended(Wait::Wake)
    }
}

impl<T> IntoFuture for RemoteHandle<T> {
    type Output = Result<T, JoinError>;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<T> fmt::Debug for RemoteHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_finished = self.is_finished();
        f.debug_struct("RemoteHandle").field("is_finished", &is_finished).finish_non_exhaustive()
    }
}

/// The other end of a handle. If it is dropped, so is the task.
struct Promise<T: Send + 'static> {
    shared: Arc<Shared<T>>,
}

impl<T: Send + 'static> Promise<T> {
    /// On the loop's thread: makes the task, and a second one that reports what it comes to.
    fn keep<K: Task<Output = T> + 'static>(self, make: impl FnOnce() -> K) {
        if self.shared.state().is_cancelled {
            return;
        }
        let handle = match catch_unwind(AssertUnwindSafe(|| quadrivium_core::spawn(make()))) {
            Ok(handle) => handle,
            Err(payload) => return self.shared.end(Err(JoinError::Panicked(payload))),
        };
        let canceller = handle.canceller();
        let mut state = self.shared.state();
        let is_cancelled = state.is_cancelled;
        if !state.is_detached {
            state.canceller = Some(canceller);
        }
        drop(state);
        if is_cancelled {
            handle.cancel();
        }
        drop(quadrivium_core::spawn(Reporting { handle, promise: self }));
    }
}

impl<T: Send + 'static> Drop for Promise<T> {
    fn drop(&mut self) {
        self.shared.end(Err(JoinError::Cancelled));
    }
}

struct Reporting<T: Send + 'static> {
    handle: JoinHandle<T>,
    promise: Promise<T>,
}

impl<T: Send + 'static> Task for Reporting<T> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        match Pin::new(&mut self.handle).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(joined) => {
                self.promise.shared.end(joined);
                Step::Done(())
            }
        }
    }
}
