//! A turn of a loop that has a [`Schedule`](crate::Schedule) is one step of one task.
//!
//! ```text
//!   wake, deadline, ─► ready.later ─ 1 ─► the queue ─ 3 ─► step ─ 4 ─► cancel
//!   spawn, Turn                      │ delayed  ▲                  │
//!                                    ▼          │                  │
//!                               late_wakes ─ 2 ─┘ ◄─ spurious ─────┘
//! ```
//!
//! 1 `queue_up`  2 `carry_out_late_wakes`  3 `choose`  4 `inject_fault`
//!
//! A loop without a schedule runs none of this. Wakes and steps are the same in both kinds of loop.
//! The schedule is only asked about the tasks that they have put into the ready queue.

use std::time::Duration;

use quadrivium_core::host::TaskId;

use super::{Loop, LoopState, Turned};
use crate::{
    schedule::{Fault, late_wakes::LateWake, scheduled_tasks::ScheduledTasks},
    tasks::slot_key::SlotKey,
    trace::{By, EventKind},
};

impl Loop {
    /// Resumes the one task that the schedule chooses.
    #[cold]
    pub(super) fn scheduled_turn(&self, scheduled: &ScheduledTasks) {
        self.begin_scheduled_turn(scheduled);
        self.resume_tasks();
        self.end_scheduled_turn(scheduled);
        self.tell();
    }

    /// Begins a turn that consists of the one task that the schedule chooses.
    fn begin_scheduled_turn(&self, scheduled: &ScheduledTasks) {
        // First the tasks that other threads and deadlines have made ready.
        self.queue_up(scheduled, |_| true);
        self.carry_out_late_wakes(scheduled);
        let chosen = self.choose(scheduled);
        if let Some(key) = chosen {
            self.state.borrow_mut().ready.begin_turn_with(key);
        }
        scheduled.chosen.set(chosen);
    }

    /// Queues the tasks that the step has made ready, and asks the schedule for a fault.
    fn end_scheduled_turn(&self, scheduled: &ScheduledTasks) {
        if let Some(key) = scheduled.chosen.take() {
            // If the task that was resumed is ready again, it did not wait, so its wake is not
            // delayed.
            self.queue_up(scheduled, |woken| woken != key);
            self.inject_fault(scheduled, key);
        }
    }

    /// Returns what is left to do after a turn that has made nothing ready.
    #[cold]
    pub(super) fn scheduled_turned(
        &self,
        scheduled: &ScheduledTasks,
        state: &mut LoopState,
    ) -> Turned {
        let deadlines = [state.timers.next(), scheduled.late_wakes.borrow().next()];
        match deadlines.into_iter().flatten().min() {
            _ if !scheduled.queue.borrow().is_empty() => Turned::Ready,
            // A delayed wake may be left for a task that has ended.
            _ if state.slots.live_tasks() == 0 => Turned::Empty,
            _ if self.time_is_held() && scheduled.late_wakes.borrow().has_delayed() => {
                Turned::Ready
            }
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None => Turned::Waiting,
        }
    }

    /// Moves the tasks that have become ready into the schedule's queue, in that order. The
    /// schedule may delay tasks that were woken. While time is held no task is delayed: the clock
    /// stands still then, and it may be this task that holds it.
    fn queue_up(&self, scheduled: &ScheduledTasks, was_woken: impl Fn(SlotKey) -> bool) {
        let (arrivals, n) = self.state.borrow_mut().arrivals();
        let youngest = scheduled.youngest.get();
        let delay = |&(key, id): &(SlotKey, TaskId)| match Some(id) <= youngest && was_woken(key) {
            true => scheduled.ask(|schedule| schedule.woken(id)),
            false => Duration::ZERO,
        };
        let delays: Vec<Duration> = arrivals.iter().map(delay).collect();
        self.state.borrow_mut().ready.forget(n);
        for ((key, id), delay) in arrivals.into_iter().zip(delays) {
            scheduled.youngest.set(scheduled.youngest.get().max(Some(id)));
            if delay.is_zero() || self.time_is_held() {
                scheduled.queue.borrow_mut().push(key);
            } else {
                self.plan_wake(scheduled, key, delay, LateWake::Delayed);
                self.note(key.slot(), EventKind::Delayed(delay));
            }
        }
    }

    /// Carries out the delayed and spurious wakes that are due. A task that has ended or gone on
    /// meanwhile is skipped. While time is held, every delayed task enters the queue at once,
    /// because the code that holds time may wait for one of them.
    fn carry_out_late_wakes(&self, scheduled: &ScheduledTasks) {
        if self.time_is_held() {
            let mut late = scheduled.late_wakes.borrow_mut();
            late.take_delayed().for_each(|key| self.state.borrow_mut().ready.push(key));
        }
        let now = self.clock.nanos_now();
        loop {
            let due = scheduled.late_wakes.borrow_mut().pop_due(now);
            match due {
                None => break,
                Some((key, LateWake::Spurious)) => self.wake_spuriously(scheduled, key),
                Some((key, LateWake::Delayed)) => self.state.borrow_mut().ready.push(key),
            }
        }
        self.queue_up(scheduled, |_| false);
    }

    /// Wakes a suspended task although nothing has happened that it waits for. Does nothing if the
    /// task is ready already.
    fn wake_spuriously(&self, scheduled: &ScheduledTasks, key: SlotKey) {
        let is_suspended = self.state.borrow_mut().slots.is_suspended(key);
        if is_suspended {
            scheduled.woken_by_fault.borrow_mut().push(key);
            self.wake_by(key, By::Fault);
        }
    }

    /// Plans a wake that comes after `delay`.
    fn plan_wake(&self, scheduled: &ScheduledTasks, key: SlotKey, delay: Duration, kind: LateWake) {
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        let due = self.clock.nanos_now().saturating_add(delay);
        scheduled.late_wakes.borrow_mut().put(due, key, kind);
    }

    /// Takes the task that the schedule chooses out of the queue.
    fn choose(&self, scheduled: &ScheduledTasks) -> Option<SlotKey> {
        let ids = self.ids_in_queue(scheduled);
        if ids.is_empty() {
            return None;
        }
        let chosen = scheduled.ask(|schedule| schedule.next(&ids));
        let n = ids.len();
        assert!(
            chosen < n,
            "Schedule::next returned {chosen}, but it must return an index below {n}, the number \
             of ready tasks"
        );
        let key = scheduled.queue.borrow_mut().remove(chosen);
        let mut by_fault = scheduled.woken_by_fault.borrow_mut();
        let position = by_fault.iter().position(|woken| *woken == key);
        scheduled.chosen_by_fault.set(position.map(|it| by_fault.swap_remove(it)).is_some());
        Some(key)
    }

    /// Returns the tasks in the queue. Tasks that were cancelled meanwhile are removed first.
    fn ids_in_queue(&self, scheduled: &ScheduledTasks) -> Vec<TaskId> {
        let (mut state, mut queue) = (self.state.borrow_mut(), scheduled.queue.borrow_mut());
        queue.retain(|key| state.slots.is_ready(*key));
        scheduled.woken_by_fault.borrow_mut().retain(|key| state.slots.is_ready(*key));
        queue.iter().map(|key| state.slots.id(key.slot())).collect()
    }

    /// Asks the schedule for a fault of a task that has suspended, and carries it out.
    fn inject_fault(&self, scheduled: &ScheduledTasks, key: SlotKey) {
        let mut state = self.state.borrow_mut();
        if !state.slots.is_suspended(key) && !state.slots.is_ready(key) {
            return;
        }
        let id = state.slots.id(key.slot());
        drop(state);
        match scheduled.ask(|schedule| schedule.suspended(id)) {
            Fault::None => {}
            Fault::Cancel if scheduled.blocked_on.get() == Some(id) => {}
            Fault::Cancel => self.cancel_task(key),
            // This wake would be the second fault in a row. A task that waits for something else
            // would be resumed for ever. Time would stand still, and a deadlock would never be
            // found.
            Fault::Wake(_) if scheduled.chosen_by_fault.get() => {}
            Fault::Wake(after) => self.plan_wake(scheduled, key, after, LateWake::Spurious),
        }
    }
}

impl LoopState {
    /// Returns the tasks that have become ready and are not in the schedule's queue yet. Skips
    /// tasks that were cancelled meanwhile. The number counts these, too.
    fn arrivals(&mut self) -> (Vec<(SlotKey, TaskId)>, usize) {
        let LoopState { slots, ready, .. } = self;
        let arrival = |key: SlotKey| slots.is_ready(key).then(|| (key, slots.id(key.slot())));
        (ready.iter().filter_map(arrival).collect(), ready.len())
    }
}
