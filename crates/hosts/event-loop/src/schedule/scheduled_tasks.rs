//! [`ScheduledTasks`]: what a loop with a schedule keeps.

use std::cell::{Cell, RefCell};

use quadrivium_core::host::{TaskId, contain};

use crate::{
    schedule::{Schedule, late_wakes::LateWakes},
    tasks::slot_key::SlotKey,
};

#[derive(Default)]
pub(crate) struct ScheduledTasks {
    /// Gone when the loop is closed.
    schedule: RefCell<Option<Box<dyn Schedule>>>,
    /// The ready tasks, in the order in which they became so.
    pub(crate) queue: RefCell<Vec<SlotKey>>,
    /// The task whose turn it is.
    pub(crate) chosen: Cell<Option<SlotKey>>,
    /// The tasks in the queue that a fault has woken.
    pub(crate) woken_by_fault: RefCell<Vec<SlotKey>>,
    /// A fault has woken the task whose turn it is.
    pub(crate) chosen_by_fault: Cell<bool>,
    pub(crate) late: RefCell<LateWakes>,
    /// The last spawned of those that have been in the queue: a task after it has never been
    /// suspended.
    pub(crate) youngest: Cell<Option<TaskId>>,
    /// The task that a `block_on` waits for.
    pub(crate) blocked_on: Cell<Option<TaskId>>,
}

impl ScheduledTasks {
    pub(crate) fn new(schedule: Box<dyn Schedule>) -> Self {
        Self { schedule: RefCell::new(Some(schedule)), ..Self::default() }
    }

    /// Nobody enters a turn inside a turn, so the schedule is never asked while it decides. A loop
    /// that is closed has none, and then nothing goes wrong.
    pub(crate) fn ask<T: Default>(&self, question: impl FnOnce(&mut dyn Schedule) -> T) -> T {
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
