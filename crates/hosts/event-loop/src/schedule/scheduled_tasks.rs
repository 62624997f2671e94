//! [`ScheduledTasks`]: the additional state of a loop with a schedule.

use std::cell::{Cell, RefCell};

use quadrivium_core::host::{TaskId, contain};

use crate::{
    schedule::{Schedule, late_wakes::LateWakes},
    tasks::slot_key::SlotKey,
};

#[derive(Default)]
pub(crate) struct ScheduledTasks {
    /// Dropped when the loop is closed.
    schedule: RefCell<Option<Box<dyn Schedule>>>,
    /// The ready tasks, in the order in which they became ready.
    pub(crate) queue: RefCell<Vec<SlotKey>>,
    /// The task that this turn resumes.
    pub(crate) chosen: Cell<Option<SlotKey>>,
    /// The tasks in the queue that a fault has woken.
    pub(crate) woken_by_fault: RefCell<Vec<SlotKey>>,
    /// A fault has woken the task that this turn resumes.
    pub(crate) chosen_by_fault: Cell<bool>,
    pub(crate) late_wakes: RefCell<LateWakes>,
    /// The youngest task that has been in the queue. A task that was spawned after it has never
    /// been suspended.
    pub(crate) youngest: Cell<Option<TaskId>>,
    /// The task that a `block_on` waits for.
    pub(crate) blocked_on: Cell<Option<TaskId>>,
}

impl ScheduledTasks {
    pub(crate) fn new(schedule: Box<dyn Schedule>) -> Self {
        Self { schedule: RefCell::new(Some(schedule)), ..Self::default() }
    }

    /// Calls the schedule. A turn never runs inside another turn, so the schedule is borrowed only
    /// if it resumes a task itself. For that task, and on a loop that is closed, the default is
    /// returned, and nothing goes wrong.
    pub(crate) fn ask<T: Default>(&self, question: impl FnOnce(&mut dyn Schedule) -> T) -> T {
        let Ok(mut schedule) = self.schedule.try_borrow_mut() else { return T::default() };
        schedule.as_mut().map_or_else(T::default, |schedule| question(schedule.as_mut()))
    }

    /// Records that a `block_on` waits for this task. Ids are not used again, so the record need
    /// not be removed.
    pub(crate) fn blocks_on(&self, task: TaskId) {
        self.blocked_on.set(Some(task));
    }

    /// Drops the schedule, which is user code and may own handles to this loop.
    pub(crate) fn close(&self) {
        let schedule = self.schedule.take();
        contain(|| drop(schedule));
    }
}
