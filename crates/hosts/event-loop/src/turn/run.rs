//! A run of the loop: turns, and sleep between them when there is nothing to do.

use std::{
    pin::Pin,
    task::Waker,
    time::{Duration, Instant},
};

use quadrivium_core::{Context, JoinError, JoinHandle, Step, Task, fairness};

use super::{Loop, Turned};
use crate::error::RunError;

impl Loop {
    /// Returns an error in a process that was forked after the loop was made. A run checks this
    /// once, because the check is a system call.
    pub(crate) fn expect_its_process(&self) -> Result<(), RunError> {
        match self.reactor.sources.are_of_this_process() {
            true => Ok(()),
            false => Err(RunError::Forked),
        }
    }

    /// Runs turns until `is_done` returns true or no task is left. Sleeps when there is nothing to
    /// do.
    pub(crate) fn drive(&self, is_done: impl Fn() -> bool) -> Result<(), RunError> {
        let driven = self.drive_until(is_done);
        self.flush_trace();
        driven
    }

    fn drive_until(&self, is_done: impl Fn() -> bool) -> Result<(), RunError> {
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
                // A trace is code of the user, which may make a task ready. So look again.
                Turned::Until(_) | Turned::Waiting if self.flush_trace() => {}
                Turned::Until(deadline) if !self.time_is_held() => self.wait_until(deadline),
                // While time is held, no deadline comes.
                Turned::Until(_) | Turned::Waiting => match self.deadlock() {
                    Some(deadlock) => return Err(RunError::Deadlock(deadlock)),
                    None if self.clock.is_virtual() => self.park(None),
                    None => self.park(self.time_to_next_search()),
                },
            }
        }
    }

    /// Waits until `deadline`: a virtual clock jumps there, on the real clock the thread sleeps.
    fn wait_until(&self, deadline: Instant) {
        let duration = deadline.saturating_duration_since(self.clock.now());
        let duration = self.time_to_next_search().map_or(duration, |search| search.min(duration));
        if !self.clock.is_virtual() {
            self.park(Some(duration));
            return;
        }
        // Descriptors that are ready now come before the jump.
        if self.reactor.sources.has_any() {
            self.react(Some(Duration::ZERO));
        }
        let is_idle = self.state.borrow().ready.is_empty();
        if is_idle && self.mailbox.is_empty() {
            self.clock.advance(duration);
        }
    }

    /// Returns the time until the loop looks for cycles, if a wait may be part of one.
    pub(crate) fn time_to_next_search(&self) -> Option<Duration> {
        Some(self.next_search()?.saturating_sub(self.clock.elapsed()))
    }

    /// Returns whether a guard made by `hold` exists, so that a virtual clock stands still.
    pub(super) fn time_is_held(&self) -> bool {
        self.clock.is_virtual() && self.holds.any_exists()
    }

    /// Sleeps until another thread posts a request, a descriptor is ready or `timeout` has passed.
    fn park(&self, timeout: Option<Duration>) {
        if self.mailbox.prepare_to_park() {
            self.react(timeout);
            self.mailbox.note_awake();
        }
    }

    /// Returns the output of the task that `block_on` has run, or the reason why there is none.
    pub(crate) fn take_output<T: 'static>(
        &self,
        handle: &mut JoinHandle<T>,
    ) -> Result<T, RunError> {
        // The handle is resumed by hand. Without a new step it might suspend only to let other
        // tasks run.
        fairness::begin_step();
        match Pin::new(handle).resume(&mut Context::new(Waker::noop())) {
            Step::Done(joined) => joined.map_err(RunError::Task),
            Step::Suspended(_) => Err(RunError::Task(JoinError::Cancelled)),
        }
    }
}
