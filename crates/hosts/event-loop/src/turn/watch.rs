//! What the loop does only while it is watched: it keeps records of its tasks, and reports what it
//! notices.

use std::{io, sync::Arc, time::Duration};

use quadrivium_core::{
    JoinError, Wait,
    host::{HostedTask, Joined, contain},
    inspect::{self, Report, Reporter, take_local_wakers},
};

use super::Loop;
use crate::{
    tasks::{
        slot_key::SlotKey,
        slots::{TaskSlots, TaskStage},
    },
    trace::EventKind,
    wake::{active_loop, integer_waker},
    watch::{
        WatchTable,
        join_cycle::{Joins, cycle_of},
    },
    watchdog::Watchdog,
};

impl Loop {
    /// Keeps more about each task from now on. Steps that begin in a later turn are recorded.
    pub(crate) fn watch(&self) {
        self.with_new_watch(|_| ());
    }

    /// Passes the reports of this loop to `reporter` from now on.
    pub(crate) fn report_to(&self, reporter: Reporter) {
        // The former reporter is user code, and is dropped while nothing is borrowed.
        let of_watchdog = self.watchdog.borrow().as_ref().map(|it| it.report_to(reporter.clone()));
        let former = self.with_new_watch(|watch| watch.reporter.replace(reporter));
        drop((former, of_watchdog));
    }

    /// Starts a thread that reports the tasks that occupy this loop for longer than `limit`.
    pub(crate) fn start_watchdog(&self, limit: Duration) -> io::Result<()> {
        let reporter = self.with_watch(|watch| watch.reporter.clone()).flatten();
        let reporter = reporter.unwrap_or_else(Reporter::stderr);
        let watchdog = Watchdog::start(Arc::clone(&self.record), limit, reporter)?;
        let former = self.watchdog.replace(Some(watchdog));
        drop(former);
        Ok(())
    }

    /// Calls `change` with the records, which are made if there are none.
    pub(crate) fn with_new_watch<R>(&self, change: impl FnOnce(&mut WatchTable) -> R) -> R {
        self.tells.set(true);
        let mut watch = self.watch.borrow_mut();
        change(watch.get_or_insert_with(|| Box::new(WatchTable::new(None))))
    }

    /// Calls `change` with the records, if the loop is watched.
    pub(super) fn with_watch<R>(&self, change: impl FnOnce(&mut WatchTable) -> R) -> Option<R> {
        self.watch.borrow_mut().as_deref_mut().map(change)
    }

    /// Records that a task was spawned, for the trace and for the records.
    #[cold]
    pub(super) fn record_spawn(&self, key: SlotKey) {
        let (id, parent) = {
            let state = self.state.borrow();
            let parent = self.running.get().map(|key| state.slots.id(key.slot()));
            (state.slots.id(key.slot()), parent)
        };
        self.note(key.slot(), EventKind::Spawned(parent));
        self.with_watch(|watch| {
            let task = watch.task(key.slot(), id);
            task.since_its_spawn = true;
            task.parent = self.running.get();
        });
    }

    /// Records that a step begins.
    pub(super) fn record_resume(&self, key: SlotKey) {
        self.note(key.slot(), EventKind::Resumed);
        let id = self.state.borrow().slots.id(key.slot());
        self.with_watch(|watch| watch.task(key.slot(), id).step_begins(self.clock.elapsed()));
        take_local_wakers();
        inspect::take_turn_line();
    }

    /// Records what a task waits for that has suspended.
    pub(super) fn record_suspension(&self, key: SlotKey, body: &HostedTask, wait: &Wait) {
        self.note_suspended(key.slot(), body, wait);
        let id = self.state.borrow().slots.id(key.slot());
        self.with_watch(|watch| {
            let (note, wakers) = (inspect::take_note(), take_local_wakers());
            watch.task(key.slot(), id).suspends(self.clock.elapsed(), wait, note, wakers);
            watch.plan_search(key.slot());
        });
    }

    /// Looks for a cycle of joins that the step of this task has completed.
    pub(super) fn look_for_a_join_cycle(&self, key: SlotKey) {
        let cycle = self.with_watch(|watch| {
            watch.reporter.as_ref()?;
            let state = self.state.borrow();
            let joins = TaskWaits { event_loop: self, slots: &state.slots, watch };
            // A task that was cancelled while it ran has no slot any more.
            let cycle = cycle_of(key.slot(), &joins).filter(|_| state.slots.is_live(key))?;
            watch.shows(&state.slots, &cycle).then_some(cycle)
        });
        if let Some(cycle) = cycle.flatten() {
            let tasks = self.snapshot_of(&cycle);
            self.with_watch(|watch| watch.add_report(|| Report::JoinCycle(tasks)));
        }
    }

    /// Records that a task has ended whose result no code reads.
    #[cold]
    pub(super) fn record_unread(&self, key: SlotKey, joined: &Joined) {
        let Err(JoinError::Panicked(payload)) = joined else { return };
        let task = self.state.borrow().slots.label(key.slot());
        let message = payload.message().map(Box::from);
        self.with_watch(|watch| watch.add_report(|| Report::UnreadPanic { task, message }));
    }

    /// Passes the reports to the reporter. Nothing may be borrowed, because it is user code.
    pub(super) fn show_reports(&self) {
        let reports = self.with_watch(|watch| {
            let reporter = watch.reporter.as_ref().filter(|_| !watch.reports.is_empty())?.clone();
            Some((reporter, std::mem::take(&mut watch.reports)))
        });
        if let Some((reporter, reports)) = reports.flatten() {
            reports.iter().for_each(|report| reporter.report(report));
        }
    }

    /// Passes the reports to the reporter, if no turn is going to do that.
    pub(super) fn show_reports_outside_of_turns(&self) {
        if self.tells.get() && !active_loop::with(self.index, |_| ()) {
            contain(|| self.show_reports());
        }
    }
}

impl WatchTable {
    /// Marks the waits of these tasks as reported. Returns whether one of them was not yet.
    pub(crate) fn shows(&mut self, slots: &TaskSlots, cycle: &[u32]) -> bool {
        let mut is_new = false;
        for slot in cycle {
            let wait = &mut self.task(*slot, slots.id(*slot)).wait;
            is_new |= !std::mem::replace(&mut wait.is_reported, true);
        }
        is_new
    }
}

/// The waits of a loop's tasks for each other.
pub(super) struct TaskWaits<'a> {
    pub(super) event_loop: &'a Loop,
    pub(super) slots: &'a TaskSlots,
    pub(super) watch: &'a WatchTable,
}

/// The certain joins: only the end of the joined task, or a cancel, can end the wait.
impl Joins for TaskWaits<'_> {
    fn joined_by(&self, task: u32) -> Option<u32> {
        let (slots, key) = (self.slots, self.slots.key(task));
        if slots.stage(task) != TaskStage::Suspended || self.event_loop.may_be_ended(slots, key) {
            return None;
        }
        let joined = self.watch.get(task, slots.id(task))?.certain_join()?;
        (self.waits_for_end(joined)? == key).then_some(joined)
    }

    fn joiner_of(&self, task: u32) -> Option<u32> {
        let joiner = self.waits_for_end(task)?;
        // A joiner may be a task of another loop, or one whose place another task has now.
        let is_of_this_loop = joiner.event_loop() == self.event_loop.index;
        let is_live = is_of_this_loop && self.slots.is_live(joiner);
        (is_live && self.joined_by(joiner.slot()) == Some(task)).then(|| joiner.slot())
    }
}

impl TaskWaits<'_> {
    /// Returns the task that is woken at the end of this one.
    pub(super) fn waits_for_end(&self, task: u32) -> Option<SlotKey> {
        // The number may belong to a task of another loop.
        let joiner = self.slots.joiner(self.slots.key_at(task)?)?;
        integer_waker::task(joiner.as_waker())
    }
}

impl Loop {
    /// Returns whether code may wake or cancel this task that no report knows of.
    pub(super) fn may_be_ended(&self, slots: &TaskSlots, key: SlotKey) -> bool {
        slots.is_escaped(key.slot()) || self.cancellers.borrow().contains(&key.0)
    }

    /// Records that a canceller of this task was made.
    pub(super) fn note_canceller(&self, key: SlotKey) {
        let mut cancellers = self.cancellers.borrow_mut();
        if cancellers.len() == cancellers.capacity() {
            let slots = &self.state.borrow().slots;
            cancellers.retain(|key| slots.is_live(SlotKey(*key)));
        }
        cancellers.insert(key.0);
    }
}
