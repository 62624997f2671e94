//! How a task is cancelled: at once if it is suspended, at its next suspension if it is running.

use std::mem;

use quadrivium_core::{
    JoinError,
    host::{HostedTask, run_destructors},
};

use super::Loop;
use crate::tasks::{slot_key::SlotKey, slots::TaskStage};

impl Loop {
    pub(super) fn cancel_task(&self, key: SlotKey) {
        self.cancel_in_chain(key, self.chain.get());
    }

    /// Like `cancel_task`, with the length of the chain that the task belongs to (see `close.rs`).
    pub(super) fn cancel_in_chain(&self, key: SlotKey, chain: u32) {
        let Some(body) = self.take_body(key) else { return };
        let this = self.this();
        run_destructors(move || {
            this.run_as_task(key, chain, || this.fail(key, body, JoinError::Cancelled));
        });
    }

    /// Takes the body of a task that is to be cancelled. A task that is running keeps its body
    /// until its next suspension.
    pub(super) fn take_body(&self, key: SlotKey) -> Option<HostedTask> {
        let mut state = self.state.borrow_mut();
        let slot = state.slots.at(key)?;
        match slot.stage {
            TaskStage::Ready | TaskStage::Suspended | TaskStage::SuspendedUntilReady => {
                // From here on the task cannot be resumed, woken or cancelled again.
                let former = mem::replace(&mut slot.stage, TaskStage::Ending);
                let body = slot.body.take().expect("a task that does not run has its body");
                if former == TaskStage::SuspendedUntilReady {
                    state.slots.remove_source_waiter();
                }
                Some(body)
            }
            TaskStage::Running | TaskStage::Woken => {
                slot.stage = TaskStage::Cancelled;
                None
            }
            TaskStage::Cancelled | TaskStage::Ending | TaskStage::Ended | TaskStage::Free => None,
        }
    }
}
