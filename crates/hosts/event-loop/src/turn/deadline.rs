//! Deadlines: how one is armed (entered among the timers), and what happens when it has come.

use std::time::Instant;

use quadrivium_core::Wait;

use super::Loop;
use crate::{
    tasks::slots::TaskSlot,
    time::task_timers::TaskTimers,
    trace::{By, EventKind},
};

/// Replaces the deadline of the task in this slot. `None` removes it.
#[inline]
pub(super) fn arm(timers: &mut TaskTimers, slot: &mut TaskSlot, index: u32, deadline: Option<u64>) {
    if slot.is_armed || deadline.is_some() {
        slot.is_armed = deadline.is_some();
        timers.set(index, deadline);
    }
}

impl Loop {
    /// Returns the deadline of a wait, in nanoseconds since the loop was made. Returns `None` if
    /// there is none, or if it is so far away that it never comes.
    pub(super) fn deadline(&self, wait: &Wait) -> Option<u64> {
        match wait {
            Wait::Until(deadline) => {
                self.clock.nanos(*deadline).or_else(|| self.beyond_the_clock(*deadline))
            }
            Wait::Turn | Wait::Ready | Wait::Wake => None,
        }
    }

    /// Handles an instant that is later than the clock can count. Such a deadline never comes,
    /// unless time itself is that late and the instant has passed. If a new loop could reach the
    /// instant, this is recorded for the report of a deadlock.
    #[cold]
    fn beyond_the_clock(&self, deadline: Instant) -> Option<u64> {
        let left = deadline.saturating_duration_since(self.clock.now());
        if left.is_zero() {
            return Some(u64::MAX);
        }
        if u64::try_from(left.as_nanos()).is_ok() {
            self.time_is_used_up.set(true);
        }
        None
    }

    /// Wakes the tasks whose deadlines have come.
    #[inline(never)]
    pub(super) fn wake_due(&self) {
        if self.state.borrow().timers.is_empty() {
            return;
        }
        let now = self.clock.nanos_now();
        loop {
            let mut state = self.state.borrow_mut();
            let Some(slot) = state.timers.pop_due(now) else { return };
            state.slots.slot(slot).is_armed = false;
            let key = state.slots.key(slot);
            let is_woken = state.wake(key);
            drop(state);
            if is_woken {
                self.note(key.slot(), EventKind::Woken(By::Timer));
            }
        }
    }
}
