//! [`block_on`]: a task from code that waits: an OS thread, or a coroutine of may.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Wake, Waker},
};

use may::sync::Blocker;
use quadrivium_core::{Context, JoinError, Step, Task, fairness, host, remote_task::Attached};

use crate::{movable::spawn, workers};

/// Runs a task on may's workers and waits for its output. In a coroutine of may, only that waits:
/// so what is written for may can await what is written for futures.
///
/// When the coroutine is cancelled meanwhile, so is the task.
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
/// What the task has come to instead: its panic, or that nobody could wake it any more.
///
/// # Panics
///
/// In a task of any host, and in whatever else runs on a worker of may but a coroutine: there,
/// perform it. And as [`spawn`](crate::spawn).
#[track_caller]
pub fn block_on<T>(task: T) -> Result<T::Output, JoinError>
where
    T: Task + Send + 'static,
    T::Output: Send + 'static,
{
    assert!(
        host::current().is_none() && !workers::is_here(),
        "may::block_on inside a task would block the thread that is to run others, perhaps the \
         very one it waits for: perform it instead"
    );
    wait(spawn(task).attached())
}

fn wait<T>(mut handle: Attached<T>) -> Result<T, JoinError> {
    let blocker = Blocker::current();
    let waker = Waker::from(Arc::new(Unparks(Arc::clone(&blocker))));
    loop {
        // There is nobody on this thread to give way to.
        fairness::begin_step();
        match Pin::new(&mut handle).resume(&mut Context::new(&waker)) {
            Step::Done(joined) => return joined,
            // It is unparked for no reason now and then, and a cancel unwinds from here.
            Step::Suspended(_) => _ = blocker.park(None),
        }
    }
}

/// Wakes who waits in [`block_on`].
struct Unparks(Arc<Blocker>);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
