//! [`run`]: runs a closure on one of may's workers, on the worker's own stack.
//!
//! ```text
//!   any thread        a coroutine of may          the worker that ran the coroutine
//!   run(closure) ───► 1. stores the closure
//!                     2. ends ──────────────────► 3. drops the closure's owner, which runs it
//! ```
//!
//! The coroutine stores the closure in a [`coroutine_local!`](may::coroutine_local). The worker
//! drops that value after the coroutine has ended, on the stack of an OS thread, where no coroutine
//! is running. The value's destructor runs the closure. So no part of the closure is on a stack of
//! may's, which has three effects:
//!
//! * may cannot suspend the closure, so the closure cannot go on on another thread. Functions of
//!   may that suspend block the thread there, as they do outside of may.
//! * It keeps its thread-locals.
//! * It has the stack of a thread and not the 32 KiB of a coroutine.
//!
//! Rejected: running tasks in coroutines. A task that called such a function would be suspended
//! with everything on its stack. Thread-locals that it has read would then belong to another
//! thread. That is why spawning a coroutine is `unsafe`, and spawning a task on may is not.

#![allow(unsafe_code)]

use std::{
    cell::Cell,
    sync::{Arc, Mutex, OnceLock},
    task::{Wake, Waker},
    time::Duration,
};

use may::coroutine::{Builder, is_coroutine};
use quadrivium_core::host::contain;

use crate::{
    lock::lock,
    time::{clock, deadlines::Deadlines},
};

type Closure = Box<dyn FnOnce() + Send>;

/// If there is no room for a coroutine, it is tried again after this time.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// The deadlines on which the next try is armed, once may runs.
static DEADLINES: OnceLock<Arc<Deadlines>> = OnceLock::new();

/// From now on, a closure for which there is no room for a coroutine is tried again later.
pub(crate) fn retry_with(deadlines: &Arc<Deadlines>) {
    DEADLINES.get_or_init(|| Arc::clone(deadlines));
}

/// Runs the closure soon on a worker of may: the one with this number, or one that steals it.
pub(crate) fn run(worker: usize, closure: impl FnOnce() + Send + 'static) {
    // Code that wakes a task could do nothing about an error.
    contain(|| try_run(worker, Box::new(closure)));
}

/// Like [`run`], but a panic is passed on.
///
/// # Panics
///
/// Panics when there is no room for a coroutine. If may runs, the closure is tried again later.
pub(crate) fn try_run(worker: usize, closure: Closure) {
    let mut carried = Carried(Some((worker, closure)));
    let carry = move || STORED.with(|left| left.0.set(carried.0.take()));
    // SAFETY: the coroutine touches no thread-locals except may's own, and needs little stack. The
    // closure runs after the coroutine has ended.
    let spawned = unsafe { Builder::new().id(worker).spawn(carry) };
    drop(spawned.expect("may returns no error here"));
}

/// A closure and its worker, until the coroutine that is made for it stores it.
struct Carried(Option<(usize, Closure)>);

/// If may has panicked instead of making a coroutine, the closure is still here. It is tried later.
impl Drop for Carried {
    fn drop(&mut self) {
        if let (Some(left), Some(deadlines)) = (self.0.take(), DEADLINES.get()) {
            let again = Waker::from(Arc::new(TryAgain(Mutex::new(Some(left)))));
            deadlines.arm(clock::now() + RETRY_AFTER, again);
        }
    }
}

/// Tries again when it is woken.
struct TryAgain(Mutex<Option<(usize, Closure)>>);

impl Wake for TryAgain {
    fn wake(self: Arc<Self>) {
        let left = lock(&self.0).take();
        if let Some((worker, closure)) = left {
            contain(|| try_run(worker, closure));
        }
    }
}

/// The closure that a coroutine has stored when it ends.
#[derive(Default)]
struct StoredClosure(Cell<Option<(usize, Closure)>>);

may::coroutine_local!(static STORED: StoredClosure = StoredClosure::default());

impl Drop for StoredClosure {
    fn drop(&mut self) {
        let Some((worker, closure)) = self.0.take() else { return };
        if is_coroutine() {
            // This would need another way of ending a coroutine, and was never seen. Try once more.
            contain(|| try_run(worker, closure));
        } else {
            contain(closure);
        }
    }
}
