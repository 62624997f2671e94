//! Time: the clock of the host ([`now`], [`hold`]), and the leaves that wait for it ([`turn`],
//! [`sleep`], [`sleep_until`], [`block_for`]).
//!
//! A *leaf* is a task that contains no other task. It is written by hand, once, and works in every
//! style. A *virtual clock*, unlike a real one, jumps to the next deadline when no task is ready.

use std::{
    panic::Location,
    pin::Pin,
    time::{Duration, Instant},
};

use crate::{
    Context, Hold, SendHold, Step, Task, Wait, host,
    inspect::{LeafKind, ObjectNumber, note, note_turn},
};

/// Returns the time on the clock of the host that drives this thread.
///
/// A program calls this in place of [`Instant::now`], so that it also runs on a virtual clock.
///
/// # Panics
///
/// When no host drives this thread.
pub fn now() -> Instant {
    host::now()
}

/// Returns a guard that keeps the virtual clock of this thread's host from jumping.
///
/// A virtual clock jumps to the next deadline when no task is ready, as if nothing could happen
/// outside the loop. But another thread or process may be at work for a task, and its answer takes
/// no virtual time at all. Without a guard, a timeout would fire before the answer comes. While a
/// guard exists, the loop does not jump but sleeps until a task is woken. The leaves that wait for
/// work on other threads take such a guard themselves.
///
/// On a real clock, and where no host drives this thread, the guard has no effect.
///
/// ```
/// let _hold = quadrivium_core::hold();
/// // Starts a thread, leaves it a waker, and waits for it.
/// ```
pub fn hold() -> Hold {
    host::current().map_or_else(Hold::default, |host| host.hold())
}

/// Like [`hold`], but the guard may be dropped on another thread. It is for leaves that are `Send`.
pub fn send_hold() -> SendHold {
    host::current().map_or_else(SendHold::default, |host| host.send_hold())
}

/// Lets every other ready task run first.
///
/// Long work performs it now and then, so that the other tasks get the CPU too (asyncio's
/// `sleep(0)`).
#[inline]
#[track_caller]
pub fn turn() -> Turn {
    note_turn(Location::caller());
    Turn { taken: false }
}

/// A task that suspends once, for one turn. Made by [`turn`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Turn {
    taken: bool,
}

impl Task for Turn {
    type Output = ();

    #[inline]
    fn resume(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        if self.taken {
            return Step::Done(());
        }
        self.taken = true;
        Step::Suspended(Wait::Turn)
    }
}

/// Waits for `duration`, counted from the first resume.
///
/// It always suspends, even if `duration` is zero. It never ends early. On a real clock it may end
/// up to a millisecond late.
///
/// A host's clock ends 584 years after the host was made. A sleep that would end later, such as a
/// sleep of [`Duration::MAX`], never ends, like [`std::future::pending`]. If its task waits for
/// nothing else, nothing can wake that task any more:
///
/// | host | outcome |
/// |---|---|
/// | an event loop, also in another executor | the run ends with a deadlock, if no task can go on |
/// | one task in another executor | its future panics with the message of the deadlock |
/// | may | the task is dropped, and its handle returns [`JoinError::Cancelled`] |
///
/// [`JoinError::Cancelled`]: crate::JoinError::Cancelled
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { state: State::NewFor(duration), line: Location::caller() }
}

/// Waits until `deadline` on the host's clock. It suspends once even if the deadline has passed
/// already.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { state: State::NewUntil(deadline), line: Location::caller() }
}

/// A task that waits for a deadline. Made by [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Sleep {
    state: State,
    line: &'static Location<'static>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Not resumed yet: the deadline is this long after the first resume.
    NewFor(Duration),
    /// Not resumed yet: this is the deadline.
    NewUntil(Instant),
    /// Suspended until this deadline.
    Until(Instant),
    /// Suspended until a time beyond the clock's range.
    Never,
}

impl Task for Sleep {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        self.state = match self.state {
            State::NewFor(duration) => {
                cx.now().checked_add(duration).map_or(State::Never, State::Until)
            }
            State::NewUntil(deadline) => State::Until(deadline),
            State::Until(deadline) if cx.has_come(deadline) => return Step::Done(()),
            waiting @ (State::Until(_) | State::Never) => waiting,
        };
        note(LeafKind::Sleep, Some(self.line), ObjectNumber::NONE);
        match self.state {
            State::Until(deadline) => Step::Suspended(Wait::Until(deadline)),
            State::NewFor(_) | State::NewUntil(_) | State::Never => Step::Suspended(Wait::Wake),
        }
    }
}

/// Occupies the host for `duration`: no other task of this host runs meanwhile.
///
/// It takes the place of real work, in programs that show how work delays other tasks. It never
/// suspends. On a virtual clock the time jumps; on a real clock the OS thread is blocked.
pub fn block_for(duration: Duration) -> BlockFor {
    BlockFor { duration }
}

/// A task that blocks instead of suspending. Made by [`block_for`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct BlockFor {
    duration: Duration,
}

impl Task for BlockFor {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        host::block_for(self.duration);
        Step::Done(())
    }
}
