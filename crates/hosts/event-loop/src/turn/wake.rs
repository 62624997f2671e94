//! How a task is woken, which makes it ready.

use std::mem;

use super::{Loop, LoopState};
use crate::{
    tasks::{slot_key::SlotKey, slots::TaskStage},
    trace::{By, EventKind},
};

impl Loop {
    /// Makes a suspended task ready. A task that is running becomes ready when it suspends.
    #[inline]
    pub(crate) fn wake(&self, key: SlotKey) {
        match self.tracing.get() {
            true => self.wake_by(key, self.cause()),
            false => _ = self.make_ready(key),
        }
    }

    /// Like `wake`. The trace shows `by` as the cause.
    #[inline(never)]
    pub(super) fn wake_by(&self, key: SlotKey, by: By) {
        if self.make_ready(key) {
            self.note(key.slot(), EventKind::Woken(by));
        }
    }

    /// Returns the cause of a wake that comes now.
    #[cold]
    fn cause(&self) -> By {
        match self.running.get() {
            Some(running) => By::Task(self.state.borrow().slots.id(running.slot())),
            None if self.is_reacting.get() => By::Reactor,
            None => By::Outside,
        }
    }

    /// Returns whether the wake has changed anything.
    #[inline]
    fn make_ready(&self, key: SlotKey) -> bool {
        let mut state = self.state.borrow_mut();
        let LoopState { slots, ready, .. } = &mut *state;
        let Some(slot) = slots.at(key) else { return false };
        match slot.stage {
            TaskStage::Suspended | TaskStage::SuspendedUntilReady => {
                let former = mem::replace(&mut slot.stage, TaskStage::Ready);
                ready.push(key);
                if former == TaskStage::SuspendedUntilReady {
                    slots.remove_source_waiter();
                }
            }
            TaskStage::Running => slot.stage = TaskStage::Woken,
            TaskStage::Woken
            | TaskStage::Cancelled
            | TaskStage::Ready
            | TaskStage::Ended
            | TaskStage::Free => return false,
        }
        true
    }

    /// Records that the task's waker was cloned, so that code outside the loop may wake the task.
    pub(crate) fn waker_escapes(&self, key: SlotKey) {
        self.state.borrow_mut().slots.escape(key);
    }
}
