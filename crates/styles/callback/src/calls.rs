//! [`call_soon`], [`call_later`], [`call_at`] and [`call_every`], which call a plain function
//! later. They have the names of Python's asyncio.

use std::{
    fmt,
    time::{Duration, Instant},
};

use quadrivium_core::{Every, JoinHandle, every, host::TaskId, now, sleep, sleep_until, spawn};

use crate::{Callback, callback};

/// Calls a function once, in the next turn of the loop. Several calls are made in the order in
/// which they were requested.
///
/// ```
/// use quadrivium::{callback::{call_later, call_soon}, prelude::*};
/// use std::{cell::RefCell, rc::Rc, time::Duration};
///
/// let called = Rc::new(RefCell::new(Vec::new()));
/// let record = |word| {
///     let called = Rc::clone(&called);
///     move || called.borrow_mut().push(word)
/// };
/// let (last, first, second) = (record("last"), record("first"), record("second"));
/// let program = callback(|cb| {
///     call_later(Duration::from_secs(1), last);
///     call_soon(first);
///     call_soon(second);
///     cb.done(());
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// drop(event_loop.spawn(program));
/// event_loop.run()?;
/// assert_eq!(*called.borrow(), ["first", "second", "last"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_soon(call: impl FnOnce() + 'static) -> Call {
    Call::of(spawn(callback(|cb| {
        call();
        cb.done(());
    })))
}

/// Calls a function once when `duration` has passed, counted from now. Calls with equal times are
/// made in the order in which they were requested.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_later(duration: Duration, call: impl FnOnce() + 'static) -> Call {
    match now().checked_add(duration) {
        Some(deadline) => call_at(deadline, call),
        // The time is beyond the range of the clock. The call waits, and is never made.
        None => Call::of(spawn(callback(move |cb| {
            cb.perform(sleep(Duration::MAX), move |cb, ()| {
                call();
                cb.done(());
            });
        }))),
    }
}

/// Calls a function once, at this time of the host's clock. If the time has passed already, the
/// function is called in the turn after the next one.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_at(deadline: Instant, call: impl FnOnce() + 'static) -> Call {
    Call::of(spawn(callback(move |cb| {
        cb.perform(sleep_until(deadline), |cb, ()| {
            call();
            cb.done(());
        });
    })))
}

/// Calls a function again and again, for the first time when `period` has passed.
///
/// The times are those of [`every`]: multiples of the period, even if a call is made late.
/// Multiples that pass during a call are left out. The calls end when [`Call::cancel`] is called,
/// which may be done inside the function, or when the function panics. Until then the loop always
/// has something to do. With a period of zero the function is called in every turn, so a virtual
/// clock never moves.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_every(period: Duration, call: impl FnMut() + 'static) -> Call {
    let ticks = every(period);
    Call::of(spawn(callback(move |cb| call_at_each(ticks, cb, call))))
}

fn call_at_each(ticks: Every, cb: &mut Callback<()>, mut call: impl FnMut() + 'static) {
    cb.perform(ticks.tick(), move |cb, _missed| {
        call();
        call_at_each(ticks, cb, call);
    });
}

/// The handle to a function that is called later. Dropping it does not cancel the call, as in
/// asyncio.
///
/// A call is a task. If the function panics, the loop and the other tasks go on, and the join
/// handle that [`into_task`](Call::into_task) returns reports the panic.
pub struct Call {
    task: JoinHandle<()>,
}

impl Call {
    /// Makes a `Call` of the task that makes the call, to write more functions like [`call_soon`].
    pub fn of(task: JoinHandle<()>) -> Self {
        Self { task }
    }

    /// Cancels the call: the function is not called any more, and is dropped with its captures. A
    /// cancel inside the function takes effect when the function returns. A repeated or late cancel
    /// has no effect.
    pub fn cancel(&self) {
        self.task.cancel();
    }

    /// Returns whether the function will not be called any more.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Returns the number of the call's task on its host.
    pub fn id(&self) -> TaskId {
        self.task.id()
    }

    /// Returns the join handle of the call's task, to wait for the call and to learn of a panic.
    pub fn into_task(self) -> JoinHandle<()> {
        self.task
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id()).finish_non_exhaustive()
    }
}
