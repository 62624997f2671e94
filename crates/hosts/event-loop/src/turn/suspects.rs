//! How the loop suspects tasks that wait for each other: for the end of a task, a lock, a permit or
//! a place in a queue.
//!
//! A lock may have been moved to another task, which is about to release it. So such a cycle is
//! reported only when it has stood for a while. The loop looks for cycles when a wait is that old.
//! It never sleeps or turns for that alone: in a program that has no such waits, it never looks.

use std::{collections::HashMap, time::Duration};

use quadrivium_core::inspect::{
    LeafKind, ObjectKind, ObjectRecord, Report, RunningTask, record_of,
};

use super::{Loop, watch::TaskWaits};
use crate::{
    tasks::{slot_key::SlotKey, slots::TaskStage},
    watch::{
        WatchRecord, WatchTable,
        stuck_tasks::{Needs, cycles},
    },
};

impl Loop {
    /// Looks for cycles, if a wait is old enough.
    pub(super) fn suspect_when_due(&self) {
        let is_due =
            |watch: &mut WatchTable| watch.search_at.is_some_and(|at| at <= self.clock.elapsed());
        if self.with_watch(is_due) == Some(true) {
            self.suspect();
        }
    }

    /// Returns when the loop looks for cycles next, if a wait may be part of one.
    pub(crate) fn next_search(&self) -> Option<Duration> {
        if !self.tells.get() {
            return None;
        }
        self.with_watch(|watch| watch.search_at).flatten()
    }

    /// Reports the cycles of waits that are old enough.
    #[cold]
    fn suspect(&self) {
        let now = self.clock.elapsed();
        let found = self.with_watch(|watch| {
            watch.search_at = watch.next_search_after(now);
            let state = self.state.borrow();
            let waits = TaskWaits { event_loop: self, slots: &state.slots, watch };
            let waiting = waits.old_waits(now);
            let mut found = cycles(waiting);
            found.retain(|cycle| watch.shows(&state.slots, cycle));
            found
        });
        for cycle in found.into_iter().flatten() {
            let tasks = self.snapshot_of(&cycle);
            self.with_watch(|watch| {
                let since = cycle.iter().filter_map(|slot| watch.since(*slot)).max();
                let waited = now.saturating_sub(since.unwrap_or(now));
                watch.add_report(|| Report::SuspectedCycle { tasks, waited });
            });
        }
    }
}

impl TaskWaits<'_> {
    /// Returns the waits that are old enough to be part of a report, with what they wait for.
    fn old_waits(&self, now: Duration) -> HashMap<u32, Needs> {
        let limit = self.watch.suspect_after;
        let is_old = |task: &WatchRecord| now.saturating_sub(task.wait.since) >= limit;
        let tasks = self.watch.tasks();
        let old = tasks.filter(|(slot, task)| is_old(task) && self.waits_alone(*slot, task));
        old.filter_map(|(slot, task)| Some((slot, self.needs(slot, task)?))).collect()
    }

    /// Returns whether the task waits in a single leaf, and no code is known to the loop that could
    /// end the wait in another way.
    fn waits_alone(&self, slot: u32, task: &WatchRecord) -> bool {
        let Some(key) = self.slots.key_at(slot) else { return false };
        self.slots.id(slot) == task.id
            && self.slots.stage(slot) == TaskStage::Suspended
            && task.waits_in_one_leaf()
            && !self.event_loop.may_be_ended(self.slots, key)
    }

    /// Returns which tasks the wait of this task depends on.
    fn needs(&self, slot: u32, task: &WatchRecord) -> Option<Needs> {
        let note = task.wait.note;
        if note.kind() == LeafKind::Join {
            let joined = note.object().index()?;
            let is_joined = self.waits_for_end(joined)? == self.slots.key(slot);
            return is_joined.then(|| Needs { each: vec![joined], one: Vec::new() });
        }
        let record = record_of(note.object())?;
        let takers: Option<Vec<u32>> =
            record.takers().iter().map(|taken| self.slot_of(taken.by()?)).collect();
        let before = self.abandoned_place_before(slot, task, &record);
        // If a guard was taken outside of the loop, or its task has ended, it may be anywhere.
        let (each, one) = match (record.kind(), takers) {
            (_, None) => (Vec::new(), Vec::new()),
            (ObjectKind::Mutex, Some(takers)) => (takers, Vec::new()),
            (_, Some(takers)) => (Vec::new(), takers),
        };
        Some(Needs { each: each.into_iter().chain(before).collect(), one })
    }

    /// Returns the task of a leaf that is before this task in the queue, but that its task does not
    /// resume any more: that task waits for something else.
    fn abandoned_place_before(
        &self,
        slot: u32,
        task: &WatchRecord,
        record: &ObjectRecord,
    ) -> Option<u32> {
        let places = record.places();
        let own = RunningTask(self.slots.key(slot).0);
        let last_of = |task: RunningTask| {
            let of_task = places.iter().filter(|place| place.task() == task);
            of_task.map(|place| place.waited()).max()
        };
        let own_place = last_of(own)?;
        let before = places.iter().take_while(|place| place.waited() != own_place);
        let abandoned = before.filter_map(|place| {
            let owner = self.slot_of(place.task())?;
            let waits_here = match owner == slot {
                true => false,
                false => {
                    let note = self.watch.get(owner, self.slots.id(owner))?.wait.note;
                    note.object() == task.wait.note.object()
                        && last_of(place.task()) == Some(place.waited())
                }
            };
            (!waits_here).then_some(owner)
        });
        abandoned.take(1).next()
    }

    /// Returns the slot of a task of this loop that has not ended.
    fn slot_of(&self, RunningTask(number): RunningTask) -> Option<u32> {
        let key = SlotKey(number);
        let is_of_this_loop = key.event_loop() == self.event_loop.index();
        (is_of_this_loop && self.slots.is_live(key)).then(|| key.slot())
    }
}
