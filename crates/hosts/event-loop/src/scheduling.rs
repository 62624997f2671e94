//! [`Scheduling`]: a turn of a loop that has a [`Schedule`] is one step of one task.
//!
//! ```text
//!   wake, deadline, ─► ready.later ─ 1. line_up ─► the line ─ 3. choose ─► step ─ 4. suspended?
//!   spawn, Turn                       │ woken?        ▲                              │ cancel
//!                                     ▼               │                              │
//!                                    late ─ 2. arrive ┘ ◄──────── a spurious wake ───┘
//! ```
//!
//! None of it is on the way of a loop without a schedule: wakes and steps are the same, and the
//! questions are asked about what they have left in the ready queue.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use quadrivium_core::host::TaskId;

use crate::{
    Schedule, Turned,
    late::{Arrival, Late},
    schedule::Fault,
    shared::{Shared, State},
    slots::Stage,
    step::contain,
    trace::{By, EventKind},
    waker::Key,
};

pub(crate) struct Scheduling {
    /// Gone when the loop is closed.
    schedule: RefCell<Option<Box<dyn Schedule>>>,
    /// Who is ready, in the order in which they became so.
    line: RefCell<Vec<Key>>,
    /// Whose turn it is.
    chosen: Cell<Option<Key>>,
    /// The tasks in line that a fault has woken.
    woken_by_fault: RefCell<Vec<Key>>,
    /// A fault has woken the task whose turn it is.
    chosen_by_fault: Cell<bool>,
    late: RefCell<Late>,
    /// The last spawned of those that have stood in line: a task after it has never been suspended.
    youngest: Cell<TaskId>,
    /// The task that a `block_on` waits for.
    blocked_on: Cell<Option<TaskId>>,
}

impl Scheduling {
    pub(crate) fn new(schedule: Box<dyn Schedule>) -> Self {
        Self {
            schedule: RefCell::new(Some(schedule)),
            line: RefCell::default(),
            chosen: Cell::new(None),
            woken_by_fault: RefCell::default(),
            chosen_by_fault: Cell::new(false),
            late: RefCell::default(),
            youngest: Cell::new(TaskId(0)),
            blocked_on: Cell::new(None),
        }
    }

    /// Nobody enters a turn inside a turn, so the schedule is never asked while it decides. A loop
    /// that is closed has none, and then nothing goes wrong.
    fn ask<T: Default>(&self, question: impl FnOnce(&mut dyn Schedule) -> T) -> T {
        let mut schedule = self.schedule.borrow_mut();
        schedule.as_mut().map_or_else(T::default, |schedule| question(schedule.as_mut()))
    }

    /// A `block_on` waits for this task. Ids are not used again, so it need not be told when it
    /// waits no longer.
    pub(crate) fn blocks_on(&self, task: TaskId) {
        self.blocked_on.set(Some(task));
    }

    /// The schedule is user code, and may hold handles of this very loop.
    pub(crate) fn close(&self) {
        let schedule = self.schedule.take();
        contain(|| drop(schedule));
    }
}

impl Shared {
    /// The turn is the one task that the schedule chooses.
    #[cold]
    pub(crate) fn begin_scheduled_turn(&self, scheduling: &Scheduling) {
        // What mail and deadlines have made ready.
        self.line_up(scheduling, |_| true);
        self.arrive(scheduling);
        let chosen = self.choose(scheduling);
        if let Some(key) = chosen {
            self.state.borrow_mut().ready.begin_turn_with(key);
        }
        scheduling.chosen.set(chosen);
    }

    #[cold]
    pub(crate) fn end_scheduled_turn(&self, scheduling: &Scheduling) {
        if let Some(key) = scheduling.chosen.take() {
            // If the task itself is ready again, it was never waiting.
            self.line_up(scheduling, |woken| woken != key);
            self.disturb(scheduling, key);
        }
    }

    /// What is left to do after a turn that has made nothing ready.
    #[cold]
    pub(crate) fn scheduled_turned(&self, scheduling: &Scheduling, state: &State) -> Turned {
        let deadlines = [state.timers.next(), scheduling.late.borrow().next()];
        match deadlines.into_iter().flatten().min() {
            _ if !scheduling.line.borrow().is_empty() => Turned::Ready,
            // Something may be late for a task that has ended.
            _ if state.slots.live() == 0 => Turned::Empty,
            _ if self.time_is_held() && scheduling.late.borrow().has_delayed() => Turned::Ready,
            Some(deadline) => Turned::Until(self.clock.at(deadline)),
            None => Turned::Waiting,
        }
    }

    /// Puts what has become ready in line, in that order; what was woken perhaps later. Not while
    /// time is held: there is no later then, and the task may be the one that holds it.
    fn line_up(&self, scheduling: &Scheduling, was_woken: impl Fn(Key) -> bool) {
        let arrivals = self.state.borrow_mut().arrivals();
        let youngest = scheduling.youngest.get();
        let delay = |&(key, id): &(Key, TaskId)| match id <= youngest && was_woken(key) {
            true => scheduling.ask(|schedule| schedule.woken(id)),
            false => Duration::ZERO,
        };
        let delays: Vec<Duration> = arrivals.iter().map(delay).collect();
        self.state.borrow_mut().ready.forget_later(delays.len());
        for ((key, id), delay) in arrivals.into_iter().zip(delays) {
            scheduling.youngest.set(scheduling.youngest.get().max(id));
            if delay.is_zero() || self.time_is_held() {
                scheduling.line.borrow_mut().push(key);
            } else {
                self.put_off(scheduling, key, delay, Arrival::Delayed);
                self.note(key.slot(), EventKind::Delayed(delay));
            }
        }
    }

    /// What is late and due is in line, or woken, from now on. Whoever has ended or gone on since
    /// is passed over. While time is held nobody stays late: what it is held for may wait for him.
    fn arrive(&self, scheduling: &Scheduling) {
        if self.time_is_held() {
            let mut late = scheduling.late.borrow_mut();
            late.take_delayed().for_each(|key| self.state.borrow_mut().ready.push(key));
        }
        let now = self.nanos_now();
        loop {
            let due = scheduling.late.borrow_mut().pop_due(now);
            match due {
                None => break,
                Some((key, Arrival::Spurious)) => self.wake_for_no_reason(scheduling, key),
                Some((key, Arrival::Delayed)) => self.state.borrow_mut().ready.push(key),
            }
        }
        self.line_up(scheduling, |_| false);
    }

    /// Resumes a suspended task too early. A task that is ready already is left alone.
    fn wake_for_no_reason(&self, scheduling: &Scheduling, key: Key) {
        let is_suspended = |stage| matches!(stage, Stage::Suspended | Stage::SuspendedUntilReady);
        if self.state.borrow_mut().slots.at(key).is_some_and(|slot| is_suspended(slot.stage)) {
            scheduling.woken_by_fault.borrow_mut().push(key);
            self.wake_by(key, By::Fault);
        }
    }

    fn put_off(&self, scheduling: &Scheduling, key: Key, delay: Duration, arrival: Arrival) {
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        let due = self.nanos_now().saturating_add(delay);
        scheduling.late.borrow_mut().put(due, key, arrival);
    }

    /// Takes the task that the schedule chooses out of the line.
    fn choose(&self, scheduling: &Scheduling) -> Option<Key> {
        let ids = self.ids_in_line(scheduling);
        if ids.is_empty() {
            return None;
        }
        let chosen = scheduling.ask(|schedule| schedule.next(&ids));
        let n = ids.len();
        assert!(chosen < n, "a schedule chose task {chosen} of {n}: it must return an index");
        let key = scheduling.line.borrow_mut().remove(chosen);
        let mut by_fault = scheduling.woken_by_fault.borrow_mut();
        let place = by_fault.iter().position(|woken| *woken == key);
        scheduling.chosen_by_fault.set(place.map(|place| by_fault.swap_remove(place)).is_some());
        Some(key)
    }

    /// The tasks in line, after those that were cancelled since have been taken out.
    fn ids_in_line(&self, scheduling: &Scheduling) -> Vec<TaskId> {
        let (mut state, mut line) = (self.state.borrow_mut(), scheduling.line.borrow_mut());
        line.retain(|key| state.slots.is_ready(*key));
        scheduling.woken_by_fault.borrow_mut().retain(|key| state.slots.is_ready(*key));
        line.iter().map(|key| state.slots.id(key.slot())).collect()
    }

    /// Asks what goes wrong with a task that has suspended.
    fn disturb(&self, scheduling: &Scheduling, key: Key) {
        let mut state = self.state.borrow_mut();
        let is_suspended =
            |stage| matches!(stage, Stage::Suspended | Stage::SuspendedUntilReady | Stage::Ready);
        if !state.slots.at(key).is_some_and(|slot| is_suspended(slot.stage)) {
            return;
        }
        let id = state.slots.id(key.slot());
        drop(state);
        match scheduling.ask(|schedule| schedule.suspended(id)) {
            Fault::None => {}
            Fault::Cancel if scheduling.blocked_on.get() == Some(id) => {}
            Fault::Cancel => self.cancel_task(key),
            // A second one in a row would resume a task for ever that waits for something else:
            // time would stand still, and a deadlock would never be found.
            Fault::Wake(_) if scheduling.chosen_by_fault.get() => {}
            Fault::Wake(after) => self.put_off(scheduling, key, after, Arrival::Spurious),
        }
    }

    fn nanos_now(&self) -> u64 {
        self.clock.nanos(self.clock.now()).unwrap_or(u64::MAX)
    }
}

impl State {
    /// Who has become ready and is not in line yet, without those that were cancelled since.
    fn arrivals(&mut self) -> Vec<(Key, TaskId)> {
        let State { slots, ready, .. } = self;
        ready.retain_later(|key| slots.is_ready(key));
        ready.later().iter().map(|key| (*key, slots.id(key.slot()))).collect()
    }
}
