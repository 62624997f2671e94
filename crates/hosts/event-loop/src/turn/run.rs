//! A run: turns, and what the thread does between them.

use std::{
    pin::Pin,
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium_core::{Context, JoinError, JoinHandle, Step, Task, fairness};

use super::{Loop, Turned};
use crate::error::RunError;

impl Loop {
    /// Fails in a process that was forked after the loop was made. Asked once for a run, because it
    /// is a system call.
    pub(crate) fn expect_its_process(&self) -> Result<(), RunError> {
        match self.reactor.sources.are_of_this_process() {
            true => Ok(()),
            false => Err(RunError::Forked),
        }
    }

    /// Turns until `is_done`, or until no task is left, sleeping when there is nothing to do.
    pub(crate) fn drive(&self, is_done: impl Fn() -> bool) -> Result<(), RunError> {
        loop {
            self.turn();
            if is_done() {
                return Ok(());
            }
            if self.stopped.take() {
                return Err(RunError::Stopped);
            }
            match self.turned() {
                Turned::Ready => {}
                Turned::Empty => return Ok(()),
                Turned::Until(deadline) if !self.time_is_held() => self.wait_until(deadline),
                // A deadline does not come while time is held.
                Turned::Until(_) | Turned::Waiting => match self.deadlock() {
                    Some(deadlock) => return Err(RunError::Deadlock(deadlock)),
                    None => self.park(None),
                },
            }
        }
    }

    /// Nothing is ready before `deadline`: time jumps there, or the thread sleeps.
    fn wait_until(&self, deadline: Instant) {
        let duration = deadline.saturating_duration_since(self.clock.now());
        if !self.clock.is_virtual() {
            self.park(Some(duration));
            return;
        }
        // What the operating system has to say comes before a jump.
        if self.reactor.sources.has_any() {
            self.react(Some(Duration::ZERO));
        }
        let is_idle = self.state.borrow().ready.is_empty();
        if is_idle && self.mailbox.is_empty() {
            self.clock.advance(duration);
        }
    }

    /// Whether a virtual clock stands still until the thread is woken from outside.
    pub(super) fn time_is_held(&self) -> bool {
        self.clock.is_virtual() && self.holds.any_exists()
    }

    fn park(&self, timeout: Option<Duration>) {
        if self.mailbox.park() {
            self.react(timeout);
            self.mailbox.unparked();
        }
    }

    /// What a task that was blocked on came to.
    pub(crate) fn output<T: 'static>(&self, handle: &mut JoinHandle<T>) -> Result<T, RunError> {
        // Nobody is there to give way to.
        fairness::begin_step();
        match Pin::new(handle).resume(&mut Context::new(Waker::noop())) {
            Step::Done(joined) => joined.map_err(RunError::Task),
            Step::Suspended(_) => Err(RunError::Task(JoinError::Cancelled)),
        }
    }
}
