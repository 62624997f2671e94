//! [`perform`]: the function that the body of a may green thread calls. It finds its task through
//! the coroutine that it is called in.

use std::{
    cell::RefCell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process,
    sync::{Arc, Mutex},
    thread,
};

use may::{
    coroutine::{self, Coroutine},
    coroutine_local,
};
use quadrivium_core::Task;

use crate::{
    green::exchange::{Exchange, TaskDropped},
    lock::lock,
};

// The body that runs in this coroutine, if any. It is not a thread-local, because a coroutine may
// go on on any worker.
coroutine_local! {
    static CURRENT: RefCell<Option<RunningBody>> = RefCell::new(None)
}

/// A body in its coroutine. may drops it with the coroutine.
struct RunningBody {
    exchange: Arc<Exchange>,
    /// Present until this is dropped.
    coroutine: Option<Coroutine>,
}

impl Drop for RunningBody {
    fn drop(&mut self) {
        // If the stack has overflowed, may has switched away from it for ever, so no other code
        // reports the end.
        self.exchange.end_if_overflowed();
        // The handle itself is moved, not a clone of it: another thread might drop the clone before
        // the handle is dropped here.
        lock(&ENDED).extend(self.coroutine.take());
    }
}

/// Coroutines that have ended, to be dropped by the thread of a loop.
///
/// If the unpark came first, may can run a coroutine inside the very call that parks it. If the
/// coroutine ends there and its last handle is dropped there as well, the drop waits for ever for
/// that call to return.
static ENDED: Mutex<Vec<Coroutine>> = Mutex::new(Vec::new());

/// Drops the handles of coroutines that have ended. It must not be called on may's workers.
pub(super) fn drop_ended() {
    let ended = mem::take(&mut *lock(&ENDED));
    drop(ended);
}

/// The payload that unwinds a body whose task is dropped.
struct Cancelled;

/// Performs a task of any style: the loop runs it to its end, this green thread is suspended
/// meanwhile, and the task's output is returned.
///
/// The task is resumed on the loop's thread, and dropped there before its output is used. If it
/// panics, the panic unwinds the body from here. The body may go on on another thread. It parks as
/// [`may::coroutine::park`] does, so it may consume an `unpark` that was meant for that.
///
/// # Panics
///
/// Panics outside the body of a [`green`](super::green) task. It also panics while this thread is
/// unwinding, that is in a destructor that runs because of a panic or a cancel.
pub fn perform<P>(task: P) -> P::Output
where
    P: Task + Send + 'static,
    P::Output: Send + 'static,
{
    perform_with(|| task)
}

/// Like [`perform`], for a task that is not `Send`: `make` makes it on the loop's thread.
///
/// ```
/// use quadrivium::{EventLoop, green::{self, green}, may, time::turn};
///
/// // SAFETY: the body reads no thread-local, holds nothing that is `!Send`, and is small.
/// let task = unsafe {
///     may::green(|| {
///         may::perform_with(|| {
///             green(|| {
///                 green::perform(turn());
///                 42
///             })
///         })
///     })
/// };
/// assert_eq!(EventLoop::with_virtual_clock()?.block_on(task)?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// Panics where [`perform`] does.
pub fn perform_with<M, P>(make: M) -> P::Output
where
    M: FnOnce() -> P + Send + 'static,
    P: Task + 'static,
    P::Output: Send + 'static,
{
    let exchange = current_exchange();
    if is_unwinding() {
        refuse_to_suspend();
    }
    match exchange.perform(Box::new(|| Box::pin(make()))) {
        Ok(Ok(output)) => *output.downcast().expect("the output of the sub-task"),
        Ok(Err(payload)) => resume_unwind(payload),
        Err(dropped) => unwind(dropped),
    }
}

/// Runs the body of a green thread that may has just started, and reports its result.
pub(super) fn run<T: Send + 'static>(exchange: Arc<Exchange>, body: impl FnOnce() -> T) {
    let running =
        RunningBody { exchange: Arc::clone(&exchange), coroutine: Some(coroutine::current()) };
    let former = CURRENT.with(|current| current.replace(Some(running)));
    debug_assert!(former.is_none(), "a coroutine has one body");
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if exchange.is_cancelled() {
            // may starts a coroutine even if it was cancelled before.
            drop(body);
            unwind(TaskDropped(1));
        }
        Box::new(body()) as _
    }));
    exchange.end(outcome);
}

/// Returns the connection between this body and its task. It is never inlined, because a function
/// that suspends must not access a thread-local itself: the compiler would assume that the thread
/// stays the same. So the thread is looked up anew in each call.
#[inline(never)]
fn current_exchange() -> Arc<Exchange> {
    let exchange =
        CURRENT.with(|current| current.borrow().as_ref().map(|body| Arc::clone(&body.exchange)));
    exchange.expect(
        "may::perform was called outside the body of a may green thread. In a task of another \
         style, use the `perform` of that style. In another coroutine of may, use may::block_on. \
         Outside of tasks, use EventLoop::block_on",
    )
}

/// Never inlined for the same reason.
#[inline(never)]
fn is_unwinding() -> bool {
    thread::panicking()
}

#[cold]
fn refuse_to_suspend() -> ! {
    panic!(
        "a may green thread cannot suspend while it is unwinding: \
         do not perform tasks in a destructor"
    )
}

/// How often a body may catch the unwinding and perform again.
const MAX_UNWINDS: u32 = 100;

#[cold]
fn unwind(TaskDropped(times): TaskDropped) -> ! {
    if cfg!(panic = "abort") {
        park_for_ever();
    }
    if times > MAX_UNWINDS {
        // may never suspends a coroutine again after it was cancelled, so its stack cannot even be
        // left unused. The worker would be lost with it, and so would the loop that waits for it.
        eprintln!(
            "quadrivium: a may green thread has caught its own cancellation {MAX_UNWINDS} times\n  \
             remedy: pass each payload that is not yours on to std::panic::resume_unwind",
        );
        process::abort();
    }
    resume_unwind(Box::new(Cancelled))
}

/// Leaves this coroutine parked for ever. Only the coroutine refers to itself.
fn park_for_ever() -> ! {
    loop {
        coroutine::park();
    }
}
