//! [`WatchTable`]: what a loop knows about its tasks only while it is watched.
//!
//! It is a table beside the tasks' slots. A loop that is not watched has no such table, and its
//! steps do not look for one: see `Loop::resume_tasks`.

pub(crate) mod join_cycle;
pub(crate) mod stuck_tasks;
mod watch_record;

use std::time::Duration;

use quadrivium_core::{
    host::TaskId,
    inspect::{KeptPlaces, Report, Reporter, keep_places},
};

pub(crate) use watch_record::WatchRecord;

/// How long tasks wait for each other before the loop suspects that they always will.
const SUSPECT_AFTER: Duration = Duration::from_secs(1);

/// The most searches for cycles in that time, while one wait after another becomes old.
const SEARCHES: u32 = 8;

pub(crate) struct WatchTable {
    /// By slot. A record counts only for the task that it names.
    tasks: Vec<WatchRecord>,
    /// Without one, the loop looks for no cycles.
    pub(crate) reporter: Option<Reporter>,
    /// The reports that the reporter has not received yet. They are passed to it between two steps,
    /// because it is user code.
    pub(crate) reports: Vec<Report>,
    pub(crate) suspect_after: Duration,
    /// When to look for cycles: a wait becomes old enough then.
    pub(crate) search_at: Option<Duration>,
    _places: KeptPlaces,
}

impl WatchTable {
    pub(crate) fn new(reporter: Option<Reporter>) -> Self {
        Self {
            tasks: Vec::new(),
            reporter,
            reports: Vec::new(),
            suspect_after: SUSPECT_AFTER,
            search_at: None,
            _places: keep_places(),
        }
    }

    /// Returns the record of the task in this slot, if there is one.
    pub(crate) fn get(&self, slot: u32, id: TaskId) -> Option<&WatchRecord> {
        self.tasks.get(slot as usize).filter(|task| task.id == id)
    }

    /// Returns the record of the task in this slot, which is made if there is none.
    pub(crate) fn task(&mut self, slot: u32, id: TaskId) -> &mut WatchRecord {
        let index = slot as usize;
        if index >= self.tasks.len() {
            self.tasks.resize_with(index + 1, || WatchRecord::new(TaskId(0)));
        }
        let task = &mut self.tasks[index];
        if task.id != id {
            *task = WatchRecord::new(id);
        }
        task
    }

    /// Returns the records that may count, with their slots.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = (u32, &WatchRecord)> {
        (0..).zip(&self.tasks)
    }

    /// Returns since when the task in this slot has waited.
    pub(crate) fn since(&self, slot: u32) -> Option<Duration> {
        self.tasks.get(slot as usize).map(|task| task.wait.since)
    }

    /// Plans a search for cycles, if the task that has just suspended may be part of one.
    pub(crate) fn plan_search(&mut self, slot: u32) {
        if self.search_at.is_none() && self.reporter.is_some() {
            let task = &self.tasks[slot as usize];
            self.search_at =
                task.waits_for_tasks().then(|| task.wait.since.saturating_add(self.suspect_after));
        }
    }

    /// Returns when the next wait is old enough that may be part of a cycle. Waits that follow each
    /// other closely share a search.
    pub(crate) fn next_search_after(&self, now: Duration) -> Option<Duration> {
        let waits = self.tasks.iter().filter(|task| task.waits_for_tasks());
        let old_at = waits.map(|task| task.wait.since.saturating_add(self.suspect_after));
        let next = old_at.filter(|at| *at > now).min()?;
        Some(next.max(now.saturating_add(self.suspect_after / SEARCHES)))
    }

    /// Keeps a report for the reporter, if there is one.
    pub(crate) fn add_report(&mut self, report: impl FnOnce() -> Report) {
        if self.reporter.is_some() {
            self.reports.push(report());
        }
    }
}
