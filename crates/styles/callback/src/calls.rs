//! [`call_soon`], [`call_later`], [`call_at`], [`call_every`]: plain functions that are called
//! later, under asyncio's names.

use std::{
    fmt,
    time::{Duration, Instant},
};

use quadrivium_core::{JoinHandle, host::TaskId, now, sleep, sleep_until, spawn};

use crate::{Callback, callback};

/// Calls this once, in the next turn. Calls are made in the order in which they were asked for.
///
/// ```
/// use quadrivium::{callback::{call_later, call_soon}, prelude::*};
/// use std::{cell::RefCell, rc::Rc, time::Duration};
///
/// let said = Rc::new(RefCell::new(Vec::new()));
/// let say = |word| {
///     let said = Rc::clone(&said);
///     move || said.borrow_mut().push(word)
/// };
/// let (last, first, second) = (say("last"), say("first"), say("second"));
/// let program = callback(|cb| {
///     call_later(Duration::from_secs(1), last);
///     call_soon(first);
///     call_soon(second);
///     cb.done(());
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// drop(event_loop.spawn(program));
/// event_loop.run()?;
/// assert_eq!(*said.borrow(), ["first", "second", "last"]);
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

/// Calls this once when `duration` has passed, counted from now. Calls with equal times are made in
/// the order in which they were asked for.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_later(duration: Duration, call: impl FnOnce() + 'static) -> Call {
    match now().checked_add(duration) {
        Some(deadline) => call_at(deadline, call),
        // Beyond the range of the clock: it waits, and never comes.
        None => Call::of(spawn(callback(move |cb| {
            cb.perform(sleep(Duration::MAX), move |cb, ()| {
                call();
                cb.done(());
            });
        }))),
    }
}

/// Calls this once at this time of the host's clock, or in the turn after the next if it has
/// passed.
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

/// Calls this again and again, the first time when `period` has passed.
///
/// The times are multiples of the period, however late a call comes; those that have passed by the
/// end of one are left out. It goes on until it is cancelled, also from inside the call, or until
/// the call panics; until then the loop has something to do. With no period it is called in every
/// turn, which keeps a virtual clock where it is.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn call_every(period: Duration, call: impl FnMut() + 'static) -> Call {
    let first = now().checked_add(period);
    Call::of(spawn(callback(move |cb| every(cb, first, period, call))))
}

fn every(
    cb: &mut Callback<()>,
    time: Option<Instant>,
    period: Duration,
    mut call: impl FnMut() + 'static,
) {
    let Some(time) = time else {
        return cb.perform(sleep(Duration::MAX), |cb, ()| cb.done(()));
    };
    cb.perform(sleep_until(time), move |cb, ()| {
        call();
        every(cb, time_after(time, period), period, call);
    });
}

/// The first time after now that is a multiple of the period away from this one.
fn time_after(time: Instant, period: Duration) -> Option<Instant> {
    // Read once: where time is real it is later at each look.
    let now = now();
    let late = now.saturating_duration_since(time).as_nanos();
    match period.as_nanos() {
        0 => Some(now),
        nanos if late < nanos => time.checked_add(period),
        nanos => now.checked_add(period - Duration::from_nanos_u128(late % nanos)),
    }
}

/// A function that is to be called. Dropping this does not cancel the call, as in asyncio.
///
/// A call is a task: when it panics, the loop and the others go on, and who has kept
/// [`into_task`](Call::into_task) is told.
pub struct Call {
    task: JoinHandle<()>,
}

impl Call {
    /// A task that calls. For those who write more of these functions.
    pub fn of(task: JoinHandle<()>) -> Self {
        Self { task }
    }

    /// It will not be called, or not again; what the function holds is dropped. From inside the
    /// function it is dropped when that returns. Harmless when repeated or too late.
    pub fn cancel(&self) {
        self.task.cancel();
    }

    /// Whether it will not be called any more.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The number of its task on the host.
    pub fn id(&self) -> TaskId {
        self.task.id()
    }

    /// The task, to wait until the call has been made, and to hear of a panic.
    pub fn into_task(self) -> JoinHandle<()> {
        self.task
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("id", &self.id()).finish_non_exhaustive()
    }
}
