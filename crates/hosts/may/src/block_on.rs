//! [`block_on`]: runs a task and waits for it, on an OS thread or in a coroutine of may.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Wake, Waker},
};

use may::sync::Blocker;
use quadrivium_core::{Context, JoinError, Step, Task, fairness, host, remote_task::Attached};

use crate::{movable::spawn, workers};

/// Runs a task on may's workers and waits for its output. In a coroutine of may, only the coroutine
/// waits, and its worker goes on. So code that is written for may can await futures.
///
/// If the coroutine is cancelled meanwhile, the task is cancelled as well.
///
/// ```
/// use quadrivium::{may, prelude::*};
///
/// # /*
/// may::go!(|| {
/// # */
///     // A crate of futures, in a plain function.
///     let (sender, receiver) = futures::channel::oneshot::channel();
///     may::spawn(future(async { sender.send("hello") }));
///     assert_eq!(may::block_on(future(receiver))?, Ok("hello"));
/// # /*
/// });
/// # */
/// # Ok::<(), JoinError>(())
/// ```
///
/// # Errors
///
/// Returns the panic of the task, or `Cancelled` when nothing can wake the task any more.
///
/// # Panics
///
/// Panics inside a task of any host, and in any code on a worker of may except a coroutine: perform
/// the task there. It also panics when [`spawn`](crate::spawn) does.
#[track_caller]
pub fn block_on<T>(task: T) -> Result<T::Output, JoinError>
where
    T: Task + Send + 'static,
    T::Output: Send + 'static,
{
    assert!(
        host::current().is_none() && !workers::is_worker_stack(),
        "may::block_on inside a task would block a thread that other tasks need, perhaps the \
         awaited task itself: perform the task instead"
    );
    wait(spawn(task).attached())
}

fn wait<T>(mut handle: Attached<T>) -> Result<T, JoinError> {
    let blocker = Blocker::current();
    let waker = Waker::from(Arc::new(UnparkOnWake(Arc::clone(&blocker))));
    loop {
        // The handle is resumed by hand. Without a new step it might suspend only to let other
        // tasks run.
        fairness::begin_step();
        match Pin::new(&mut handle).resume(&mut Context::new(&waker)) {
            Step::Done(joined) => return joined,
            // `park` may return for no reason. If the coroutine is cancelled, it unwinds from here.
            Step::Suspended(_) => _ = blocker.park(None),
        }
    }
}

/// Ends the wait of a thread or coroutine in [`block_on`].
struct UnparkOnWake(Arc<Blocker>);

impl Wake for UnparkOnWake {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
