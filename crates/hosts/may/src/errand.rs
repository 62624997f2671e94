//! [`send`]: something to do on one of may's workers, on the worker's own stack.
//!
//! ```text
//!   any thread        a coroutine of may         the worker that ran it
//!   send(errand) ───► 1. leaves the errand
//!                     2. ends ─────────────────► 3. drops what it left: the errand is run
//! ```
//!
//! What a coroutine of may has left with itself (a [`coroutine_local!`](may::coroutine_local)) is
//! dropped by the worker once the coroutine has ended: on the stack of an OS thread, where no
//! coroutine is running. So nothing that an errand does stands on a stack of may's: it cannot be
//! suspended there, and so cannot wake up on another thread, whatever it calls; it keeps its
//! thread-locals; and it has the room of a thread and not the 32 KiB of a coroutine. May's functions
//! that suspend block the thread there, as they do outside of may.
//!
//! Rejected: running tasks in coroutines. One that called such a function would be suspended with
//! everything on its stack, and then thread-locals that it has read belong to another thread. That is
//! why spawning a coroutine is `unsafe`, and spawning a task on may is not.

#![allow(unsafe_code)]

use std::{
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
    time::Duration,
};

use may::coroutine::{Builder, is_coroutine};

use crate::{clock, runtime};

pub(crate) type Errand = Box<dyn FnOnce() + Send>;

/// When there was no room for a coroutine, it is tried again after this.
const LATER: Duration = Duration::from_millis(10);

/// Has a worker of may do this soon: the one with this number, or one that steals it.
pub(crate) fn send(worker: usize, errand: impl FnOnce() + Send + 'static) {
    // Who wakes a task cannot help it.
    contain(|| try_send(worker, Box::new(errand)));
}

/// The same.
///
/// # Panics
///
/// When there is no room for a coroutine. Then it is done later, if may runs.
pub(crate) fn try_send(worker: usize, errand: Errand) {
    let mut carried = Carried { worker, errand: Some(errand) };
    let carry = move || LEFT.with(|left| left.0.set(carried.take()));
    // SAFETY: the coroutine touches no thread-local but what may keeps for it, and needs little of
    // its stack. The errand runs when it has ended.
    let spawned = unsafe { Builder::new().id(worker).spawn(carry) };
    drop(spawned.expect("may always says that it has spawned"));
}

/// An errand, while a coroutine is made for it.
struct Carried {
    worker: usize,
    /// There until the coroutine leaves it.
    errand: Option<Errand>,
}

impl Carried {
    fn take(&mut self) -> Option<(usize, Errand)> {
        Some((self.worker, self.errand.take()?))
    }
}

/// Is dropped with the errand where may has panicked, instead of making a coroutine.
impl Drop for Carried {
    fn drop(&mut self) {
        if let (Some(left), Some(runtime)) = (self.take(), runtime::started()) {
            let again = Waker::from(Arc::new(Again(Mutex::new(Some(left)))));
            runtime.timers.arm(clock::now() + LATER, again);
        }
    }
}

/// Tries again when it is woken.
struct Again(Mutex<Option<(usize, Errand)>>);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((worker, errand)) = left {
            contain(|| try_send(worker, errand));
        }
    }
}

/// What a coroutine leaves when it ends.
#[derive(Default)]
struct Left(Cell<Option<(usize, Errand)>>);

may::coroutine_local!(static LEFT: Left = Left::default());

impl Drop for Left {
    fn drop(&mut self) {
        let Some((worker, errand)) = self.0.take() else { return };
        if is_coroutine() {
            // Never seen: it would take another way of ending a coroutine. Then once more.
            contain(|| try_send(worker, errand));
        } else {
            contain(errand);
        }
    }
}

/// Runs what must not end the worker if it panics: somebody else's waker, a destructor of which
/// nobody can be told. The payload may panic when it is dropped: it is leaked.
pub(crate) fn contain<T>(something: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(something)).map_err(mem::forget).ok()
}
