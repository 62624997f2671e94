//! [`Spawner`]: tasks for a loop, from any thread.
//!
//! What crosses the threads is the closure that makes the task, and what the task comes to. The
//! task itself need not be `Send`: it is made where it runs, and stays there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use quadrivium_core::{
    Context, JoinError, JoinHandle, Step, Task,
    host::contain,
    remote_task::{Promise, RemoteHandle},
};

use crate::{threads::remote_loop::RemoteLoop, wake::mailbox::RemoteRequest};

/// Hands tasks to a loop, from any thread. Made by
/// [`EventLoop::spawner`](crate::EventLoop::spawner).
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
    pub(crate) remote: RemoteLoop,
}

impl Spawner {
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
        let (promise, handle) = RemoteHandle::new();
        let call = Box::new(move || keep(promise, make));
        // If it is dropped here, its destructor may panic: the task counts as cancelled all the
        // same.
        contain(|| self.remote.request(RemoteRequest::Run(call)));
        handle
    }
}

/// On the loop's thread: makes the task, and a second one that reports what it comes to.
fn keep<T: Send + 'static, K: Task<Output = T> + 'static>(
    promise: Promise<T>,
    make: impl FnOnce() -> K,
) {
    if promise.is_cancelled() {
        return;
    }
    let handle = match catch_unwind(AssertUnwindSafe(|| quadrivium_core::spawn(make()))) {
        Ok(handle) => handle,
        Err(payload) => return promise.end(Err(JoinError::panicked(payload))),
    };
    promise.cancel_by(handle.canceller());
    drop(quadrivium_core::spawn(Reporting { handle, promise: Some(promise) }));
}

struct Reporting<T: Send + 'static> {
    handle: JoinHandle<T>,
    /// There until it is kept.
    promise: Option<Promise<T>>,
}

impl<T: Send + 'static> Task for Reporting<T> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        match Pin::new(&mut self.handle).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(joined) => {
                let promise = self.promise.take().expect("a task is done once");
                promise.end(joined);
                Step::Done(())
            }
        }
    }
}
