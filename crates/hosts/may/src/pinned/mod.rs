//! [`spawn_pinned`]: runs a task of any style on one of may's workers, where it stays.

mod task;
mod executor;

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, Location, catch_unwind},
};

use quadrivium_core::{
    Canceller, InheritedValues, JoinError, Task, host,
    remote_task::{Promise, RemoteHandle},
};
use quadrivium_event_loop::{GuestLoop, RunError};

use crate::{
    pinned::{
        executor::MayExecutor,
        task::{LocalFuture, PinnedTask},
    },
    runtime,
    workers::workers,
};

/// Calls `make` on this worker of may, and runs the task that it returns there, with a loop of its
/// own.
///
/// Only `make` moves to the worker. The task stays on the worker's thread, and so does every task
/// that it spawns. None of them need be `Send`, so they may be of any style, green threads
/// included. Tasks that are pinned to different workers run at the same time. May's other tasks and
/// coroutines run in between.
///
/// ```
/// use quadrivium::{may, green::perform, prelude::*};
/// use std::time::Duration;
///
/// let answer = may::spawn_pinned(0, || green(|| {
///     let half = spawn(generator(|mut co| async move {
///         co.perform(sleep(Duration::from_millis(1))).await;
///         21
///     }));
///     2 * perform(half).unwrap()
/// }));
/// assert_eq!(may::block_on(answer)??, 42);
/// # Ok::<(), JoinError>(())
/// ```
///
/// # Panics
///
/// Panics when there is no worker with this number. They are counted from 0, and there are
/// [`workers`]. It also panics when [`spawn`](crate::spawn) does.
///
/// The task panics when it can never go on and its handle was dropped, so that no code can cancel
/// it.
#[track_caller]
pub fn spawn_pinned<F, T>(worker: usize, make: F) -> RemoteHandle<T::Output>
where
    F: FnOnce() -> T + Send + 'static,
    T: Task + 'static,
    T::Output: Send + 'static,
{
    let runtime = runtime::expect();
    let count = workers();
    assert!(
        worker < count,
        "may has no worker {worker}: its workers have the numbers 0 to {}",
        count - 1
    );
    let spawned_at = Location::caller();
    let (promise, handle) = RemoteHandle::new();
    let inherited = InheritedValues::current();
    let make = move || -> LocalFuture {
        Box::pin(async move {
            if !promise.is_cancelled() {
                let executor = MayExecutor::new(runtime);
                return make_and_run(make, spawned_at, inherited, promise, executor).await;
            }
            // `make` is dropped on the worker, where it would have been called.
            promise.end(match catch_unwind(AssertUnwindSafe(|| drop(make))) {
                Ok(()) => Err(JoinError::Cancelled),
                Err(payload) => Err(JoinError::panicked(payload)),
            });
        })
    };
    PinnedTask::start(runtime, worker, Box::new(make));
    handle
}

/// Makes the task and runs it, on a loop that ends with the task. Then passes the result to the
/// handle.
async fn make_and_run<T>(
    make: impl FnOnce() -> T,
    spawned_at: &'static Location<'static>,
    inherited: Option<InheritedValues>,
    promise: Promise<T::Output>,
    executor: MayExecutor,
) where
    T: Task + 'static,
    T::Output: 'static,
{
    let mut guest_loop = match GuestLoop::new(executor) {
        Ok(guest_loop) => guest_loop,
        Err(error) => return promise.end(Err(panicked(&error))),
    };
    // The handle can stop the loop, in order to cancel the task. So while it exists no deadlock is
    // certain.
    let stopper = guest_loop.stopper();
    promise.cancel_by(Canceller::new(move || stopper.stop()));
    let joined = match catch_unwind(AssertUnwindSafe(make)) {
        Ok(task) => match inherited {
            Some(values) => guest_loop.perform_at(values.provide(task), spawned_at).await,
            None => guest_loop.perform_at(task, spawned_at).await,
        }
        .map_err(join_error),
        Err(payload) => Err(JoinError::panicked(payload)),
    };
    let host = guest_loop.host();
    drop(guest_loop);
    // If the handle is gone, the output is dropped here. Its destructor gets the host that its task
    // had.
    let _entered = host::enter(host);
    promise.end(joined);
}

fn join_error(error: RunError) -> JoinError {
    match error {
        RunError::Task(error) => error,
        RunError::Stopped => JoinError::Cancelled,
        RunError::Deadlock(_) | RunError::Nested | RunError::Forked => panicked(&error),
    }
}

fn panicked(error: &dyn Display) -> JoinError {
    JoinError::panicked(Box::new(error.to_string()))
}
