//! Deadlines: how one is armed (entered among the timers), and what happens when it has come.

use std::time::Instant;

use quadrivium_core::Wait;

use super::{Loop, LoopState};
use crate::{
    tasks::{slot_key::SlotKey, slots::TaskSlot},
    time::task_timers::TaskTimers,
    trace::{By, EventKind},
};

/// Number of deadlines that are taken out of the timers before their tasks are woken. Among many
/// tasks, each wake waits for memory. Where nothing comes between the wakes, the processor overlaps
/// these waits. The same holds for the memory of the tasks, before they are resumed.
const DUE_AT_ONCE: usize = 64;

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

    /// Wakes the tasks whose deadlines have come. Returns whether there were many.
    #[inline(never)]
    pub(super) fn wake_due(&self) -> bool {
        let now = self.clock.nanos_now();
        let mut due = [0; DUE_AT_ONCE];
        let mut woken = 0;
        loop {
            let n = self.state.borrow_mut().timers.pop_all_due(now, &mut due);
            due[..n].iter().for_each(|slot| self.wake_at_deadline(*slot));
            woken += n;
            if n < due.len() {
                return woken >= DUE_AT_ONCE;
            }
        }
    }

    /// Resumes each task of this turn once, after a wake of many tasks by their deadlines. Such
    /// tasks are in any order in the memory. Nothing is traced, because a trace may panic.
    #[inline(never)]
    pub(super) fn resume_scattered_tasks(&self) {
        let turn = self.state.borrow_mut().ready.take_turn();
        for part in turn.chunks(DUE_AT_ONCE) {
            self.state.borrow_mut().begin_part(part);
            self.resume_tasks();
        }
        self.state.borrow_mut().ready.end_turn(turn);
    }

    fn wake_at_deadline(&self, slot: u32) {
        let mut state = self.state.borrow_mut();
        state.slots.slot(slot).is_armed = false;
        let key = state.slots.key(slot);
        let is_woken = state.wake(key);
        drop(state);
        if is_woken {
            self.note(key.slot(), EventKind::Woken(By::Timer));
        }
    }
}

impl LoopState {
    /// Makes some tasks of this turn the next to be resumed, and loads their memory.
    fn begin_part(&mut self, part: &[SlotKey]) {
        let Self { slots, ready, .. } = self;
        ready.put_back(part);
        for key in part {
            if let Some(body) = slots.at(*key).and_then(|slot| slot.body.as_deref()) {
                body.touch();
            }
        }
    }
}
