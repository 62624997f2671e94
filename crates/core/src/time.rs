//! Leaves about time: [`turn`], [`sleep`], [`sleep_until`], [`block_for`]; and the clock: [`now`],
//! [`hold`].

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use crate::{Context, Hold, SendHold, Step, Task, Wait, host};

/// The time on the clock of the host that drives this thread: what a program uses in place of
/// [`Instant::now`], so that it also runs on a virtual clock.
///
/// # Panics
///
/// When no host drives this thread.
pub fn now() -> Instant {
    host::now()
}

/// Takes a hold of the clock of the host that drives this thread, until it is dropped.
///
/// A virtual clock jumps when no task is ready, as if all that is to happen happened on the loop.
/// Who waits for another thread or process holds it meanwhile, so that a timeout does not fire
/// before an answer that takes no virtual time at all: the loop then sleeps until it is woken.
/// Leaves that wait for work on other threads do so themselves.
///
/// On a real clock, and where no host drives this thread, it means nothing.
///
/// ```
/// let _hold = quadrivium_core::hold();
/// // Starts a thread, leaves it a waker, and waits for it.
/// ```
pub fn hold() -> Hold {
    host::current().map_or_else(Hold::default, |host| host.hold())
}

/// The same, for leaves that are `Send`: it may be dropped on another thread.
pub fn send_hold() -> SendHold {
    host::current().map_or_else(SendHold::default, |host| host.send_hold())
}

/// Lets every other ready task run first.
///
/// Long work calls it now and then so that the others get the CPU too (asyncio's `sleep(0)`).
#[inline]
pub fn turn() -> Turn {
    Turn { taken: false }
}

/// A task that suspends once. Made by [`turn`].
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
/// Always gives way, also for no time at all; never ends early; on a real clock it may end up to a
/// millisecond late.
///
/// A host's clock ends 584 years after the host was made: a sleep beyond that, such as one of
/// [`Duration::MAX`], never ends. It is a wait like [`std::future::pending`], and has the same
/// outcome when its task waits for nothing else, so that nobody can wake it:
///
/// | host | outcome |
/// |---|---|
/// | an event loop, a loop in another executor | the run ends with a deadlock, once no task can go
/// on |
/// | one task in another executor | its future panics with the message of the deadlock |
/// | may | the task is dropped, and its handle says that it was cancelled |
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { state: State::For(duration) }
}

/// Waits until `deadline` on the host's clock. Gives way once when that has passed already.
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { state: State::To(deadline) }
}

/// A task that waits for a deadline. Made by [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Sleep {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Not resumed yet: the deadline is this long after the first resume.
    For(Duration),
    /// Not resumed yet: the deadline is this.
    To(Instant),
    /// Suspended until this.
    Until(Instant),
    /// Suspended until a time beyond the clock's range.
    Never,
}

impl Task for Sleep {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        self.state = match self.state {
            State::For(duration) => {
                cx.now().checked_add(duration).map_or(State::Never, State::Until)
            }
            State::To(deadline) => State::Until(deadline),
            State::Until(deadline) if deadline <= cx.now() => return Step::Done(()),
            waiting @ (State::Until(_) | State::Never) => waiting,
        };
        match self.state {
            State::Until(deadline) => Step::Suspended(Wait::Until(deadline)),
            State::For(_) | State::To(_) | State::Never => Step::Suspended(Wait::Wake),
        }
    }
}

/// Keeps the CPU for `duration`: nothing else on this host runs meanwhile.
///
/// It stands for work, in programs that show what work does to the others. It never suspends: on a
/// virtual clock time jumps, on a real clock the OS thread is blocked.
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
