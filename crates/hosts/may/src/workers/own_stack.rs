//! [`run`]: runs a closure on one of may's workers, on the worker's own stack.
//!
//! ```text
//!   any thread        a coroutine of may          the worker that ran it
//!   run(closure) ───► 1. leaves the closure
//!                     2. ends ──────────────────► 3. drops what it left: the closure is run
//! ```
//!
//! What a coroutine of may has left with itself (a [`coroutine_local!`](may::coroutine_local)) is
//! dropped by the worker once the coroutine has ended: on the stack of an OS thread, where no
//! coroutine is running. So nothing that the closure does stands on a stack of may's: it cannot be
//! suspended there, and so cannot wake up on another thread, whatever it calls; it keeps its
//! thread-locals; and it has the room of a thread and not the 32 KiB of a coroutine. May's
//! functions that suspend block the thread there, as they do outside of may.
//!
//! Rejected: running tasks in coroutines. One that called such a function would be suspended with
//! everything on its stack, and then thread-locals that it has read belong to another thread. That
//! is why spawning a coroutine is `unsafe`, and spawning a task on may is not.

#![allow(unsafe_code)]

use std::{
    cell::Cell,
    sync::{Arc, Mutex, OnceLock},
    task::{Wake, Waker},
    time::Duration,
};

use may::coroutine::{Builder, is_coroutine};

use crate::{
    panics::{contain, lock},
    time::{clock, deadlines::Deadlines},
};

type Closure = Box<dyn FnOnce() + Send>;

/// When there was no room for a coroutine, it is tried again after this.
const LATER: Duration = Duration::from_millis(10);

/// Where that is armed, once may runs.
static DEADLINES: OnceLock<Arc<Deadlines>> = OnceLock::new();

/// May runs: from now on a closure for which there is no coroutine is tried again.
pub(crate) fn retry_by(deadlines: &Arc<Deadlines>) {
    DEADLINES.get_or_init(|| Arc::clone(deadlines));
}

/// Has a worker of may do this soon: the one with this number, or one that steals it.
pub(crate) fn run(worker: usize, closure: impl FnOnce() + Send + 'static) {
    // Who wakes a task cannot help it.
    contain(|| try_run(worker, Box::new(closure)));
}

/// The same.
///
/// # Panics
///
/// When there is no room for a coroutine. Then it is done later, if may runs.
pub(crate) fn try_run(worker: usize, closure: Closure) {
    let mut carried = Carried(Some((worker, closure)));
    let carry = move || LEFT.with(|left| left.0.set(carried.0.take()));
    // SAFETY: the coroutine touches no thread-local but what may keeps for it, and needs little of
    // its stack. The closure runs when it has ended.
    let spawned = unsafe { Builder::new().id(worker).spawn(carry) };
    drop(spawned.expect("may always says that it has spawned"));
}

/// A closure and its worker, until the coroutine that is made for it leaves it.
struct Carried(Option<(usize, Closure)>);

/// Is dropped with the closure where may has panicked, instead of making a coroutine.
impl Drop for Carried {
    fn drop(&mut self) {
        if let (Some(left), Some(deadlines)) = (self.0.take(), DEADLINES.get()) {
            let again = Waker::from(Arc::new(TryAgain(Mutex::new(Some(left)))));
            deadlines.arm(clock::now() + LATER, again);
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

/// What a coroutine leaves when it ends.
#[derive(Default)]
struct LeftBehind(Cell<Option<(usize, Closure)>>);

may::coroutine_local!(static LEFT: LeftBehind = LeftBehind::default());

impl Drop for LeftBehind {
    fn drop(&mut self) {
        let Some((worker, closure)) = self.0.take() else { return };
        if is_coroutine() {
            // Never seen: it would take another way of ending a coroutine. Then once more.
            contain(|| try_run(worker, closure));
        } else {
            contain(closure);
        }
    }
}
