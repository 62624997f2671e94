//! [`Spawner`]: hands tasks to a loop, from any thread.
//!
//! Only the closure that makes the task and the output of the task go from one thread to another.
//! The task itself need not be `Send`: it is made on the thread of the loop and stays there.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use quadrivium_core::{
    Context, InheritedValues, JoinError, JoinHandle, Step, Task,
    host::contain,
    remote_task::{Promise, RemoteHandle},
};

use crate::{threads::remote_loop::RemoteLoop, wake::mailbox::RemoteRequest};

/// Hands tasks to a loop, from any thread. Made by
/// [`EventLoop::spawner`](crate::EventLoop::spawner).
///
/// While a spawner exists, a loop whose tasks all wait is not a deadlock, because another thread
/// may still hand it a task.
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
    /// Hands `make` to the loop, which calls it in its next turn and runs the task that it returns.
    ///
    /// If the loop ends before that, `make` is dropped and the task counts as cancelled.
    pub fn spawn<F, T>(&self, make: F) -> RemoteHandle<T::Output>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Task + 'static,
        T::Output: Send + 'static,
    {
        let (promise, handle) = RemoteHandle::new();
        let inherited = InheritedValues::current();
        let call = Box::new(move || spawn_and_report(promise, inherited, make));
        // If the loop is gone, the call is dropped here, and its destructor may panic. The task
        // counts as cancelled all the same.
        contain(|| self.remote.request(RemoteRequest::Run(call)));
        handle
    }
}

/// Runs on the loop's thread: spawns the task, and a second task that passes the result on.
fn spawn_and_report<T: Send + 'static, K: Task<Output = T> + 'static>(
    promise: Promise<T>,
    inherited: Option<InheritedValues>,
    make: impl FnOnce() -> K,
) {
    if promise.is_cancelled() {
        return;
    }
    let spawn = || InheritedValues::inherited_in(inherited, || quadrivium_core::spawn(make()));
    let handle = match catch_unwind(AssertUnwindSafe(spawn)) {
        Ok(handle) => handle,
        Err(payload) => return promise.end(Err(JoinError::panicked(payload))),
    };
    promise.cancel_by(handle.canceller());
    drop(quadrivium_core::spawn(Reporting { handle, promise: Some(promise) }));
}

struct Reporting<T: Send + 'static> {
    handle: JoinHandle<T>,
    /// Present until the task has ended.
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
