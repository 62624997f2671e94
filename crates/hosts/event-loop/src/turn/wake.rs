//! How a task is woken, which makes it ready.

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
            false => _ = self.state.borrow_mut().wake(key),
        }
    }

    /// Like `wake`. The trace shows `by` as the cause.
    #[inline(never)]
    pub(super) fn wake_by(&self, key: SlotKey, by: By) {
        let is_woken = self.state.borrow_mut().wake(key);
        if is_woken {
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

    /// Records that the task's waker was cloned, so that code outside the loop may wake the task.
    pub(crate) fn waker_escapes(&self, key: SlotKey) {
        self.state.borrow_mut().slots.escape(key);
    }
}

impl LoopState {
    /// Makes a task ready, or records that it becomes ready when it suspends. Returns false if the
    /// task is gone, or was woken already.
    #[inline]
    pub(super) fn wake(&mut self, key: SlotKey) -> bool {
        let Self { slots, ready, .. } = self;
        let Some(slot) = slots.at(key) else { return false };
        // Compared first, because this is the usual stage. In one `match`, the compiler tests a bit
        // for each group of stages.
        if slot.stage == TaskStage::Suspended {
            slot.stage = TaskStage::Ready;
            ready.push(key);
            return true;
        }
        match slot.stage {
            TaskStage::SuspendedUntilReady => {
                slot.stage = TaskStage::Ready;
                ready.push(key);
                slots.remove_source_waiter();
            }
            TaskStage::Running => slot.stage = TaskStage::Woken,
            // `Suspended` was compared above.
            TaskStage::Suspended
            | TaskStage::Woken
            | TaskStage::Cancelled
            | TaskStage::Ready
            | TaskStage::Ending
            | TaskStage::Ended
            | TaskStage::Free => return false,
        }
        true
    }
}
