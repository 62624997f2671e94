//! [`perform`]: what the body of a may green thread calls; its handle is the coroutine it is in.

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

// The task that this coroutine is the body of, if it is one. No thread-local, since a coroutine
// goes on wherever there is a worker for it.
coroutine_local! {
    static CURRENT: RefCell<Option<RunningBody>> = RefCell::new(None)
}

/// A body in its coroutine, until may has done with that.
struct RunningBody {
    exchange: Arc<Exchange>,
    /// There until it is dropped.
    coroutine: Option<Coroutine>,
}

impl Drop for RunningBody {
    fn drop(&mut self) {
        // A stack that overflows is left without a word: may switches away from it and never back.
        self.exchange.end_without_a_word();
        // The handle itself, not a clone: another thread may drop the clone before this one is
        // dropped here.
        lock(&ENDED).extend(self.coroutine.take());
    }
}

/// Coroutines that have ended, for a loop's thread to drop.
///
/// may may run a coroutine from inside the very call that parks it, when the unpark came first. If
/// it ends there, and its handle is dropped there too, that waits for ever for the call to be over.
static ENDED: Mutex<Vec<Coroutine>> = Mutex::new(Vec::new());

/// Drops the handles of coroutines that have ended. Not for may's workers.
pub(super) fn drop_ended() {
    let ended = mem::take(&mut *lock(&ENDED));
    drop(ended);
}

/// The payload that unwinds a body whose task is dropped.
struct Cancelled;

/// Has the loop run a task of any style to its end, suspending this green thread meanwhile, and
/// returns its output.
///
/// The task is resumed on the loop's thread, and dropped there before its output is used. Its panic
/// unwinds the body from here. The body may go on on another thread than before. It parks as
/// [`may::coroutine::park`] does, so it may take an `unpark` that was meant for that.
///
/// # Panics
///
/// Outside the body of a [`green`](super::green) task, and while this thread is unwinding (in a
/// destructor that runs because of a panic or of a cancel).
pub fn perform<P>(task: P) -> P::Output
where
    P: Task + Send + 'static,
    P::Output: Send + 'static,
{
    perform_with(|| task)
}

/// The same for a task that is not `Send`: `make` makes it on the loop's thread.
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
/// Where [`perform`] does.
pub fn perform_with<M, P>(make: M) -> P::Output
where
    M: FnOnce() -> P + Send + 'static,
    P: Task + 'static,
    P::Output: Send + 'static,
{
    let exchange = exchange();
    if is_unwinding() {
        refuse_to_suspend();
    }
    match exchange.perform(Box::new(|| Box::pin(make()))) {
        Ok(Ok(output)) => *output.downcast().expect("the answer to what was asked"),
        Ok(Err(payload)) => resume_unwind(payload),
        Err(dropped) => unwind(dropped),
    }
}

/// Runs the body of a green thread that may has just begun, and says what it came to.
pub(super) fn run<T: Send + 'static>(exchange: Arc<Exchange>, body: impl FnOnce() -> T) {
    let running =
        RunningBody { exchange: Arc::clone(&exchange), coroutine: Some(coroutine::current()) };
    let former = CURRENT.with(|current| current.replace(Some(running)));
    debug_assert!(former.is_none(), "a coroutine has one body");
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        if exchange.is_cancelled() {
            // may begins a coroutine that was cancelled before.
            drop(body);
            unwind(TaskDropped(1));
        }
        Box::new(body()) as _
    }));
    exchange.end(outcome);
}

/// The task that this coroutine is the body of. Never inlined, as nothing that looks at a
/// thread-local may be on the way of a suspension: whose the thread is, is looked up anew.
#[inline(never)]
fn exchange() -> Arc<Exchange> {
    let exchange =
        CURRENT.with(|current| current.borrow().as_ref().map(|body| Arc::clone(&body.exchange)));
    exchange.expect(
        "may::perform outside the body of a may green thread: use the `perform` of the style \
         around it, EventLoop::block_on, or in any other coroutine of may may::block_on",
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

/// A body may catch the unwinding and perform again; so often it may.
const UNWINDS: u32 = 100;

#[cold]
fn unwind(TaskDropped(times): TaskDropped) -> ! {
    if cfg!(panic = "abort") {
        stay();
    }
    if times > UNWINDS {
        // may never suspends a coroutine again that it was told to cancel, so its stack cannot even
        // be left alone: the worker would be lost with it, and whoever waits there.
        eprintln!(
            "quadrivium: a may green thread has caught its own cancellation {UNWINDS} times\n  \
             remedy: let a payload that is not yours go on with std::panic::resume_unwind",
        );
        process::abort();
    }
    resume_unwind(Box::new(Cancelled))
}

/// Leaves this coroutine parked for ever: nothing refers to it but itself.
fn stay() -> ! {
    loop {
        coroutine::park();
    }
}
