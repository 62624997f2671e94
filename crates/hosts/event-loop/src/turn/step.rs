//! One step of one task: it is taken out of its slot and resumed, and put back if it suspends.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quadrivium_core::{Context, JoinError, Wait, fairness, host::HostedTask};

use super::{Loop, LoopState, deadline::arm};
use crate::{
    tasks::{slot_key::SlotKey, slots::TaskStage},
    trace::EventKind,
    wake::integer_waker,
};

impl Loop {
    /// Takes the next task of this turn out of its slot. Skips tasks that were cancelled after they
    /// became ready.
    #[inline]
    pub(super) fn take_next_task(&self) -> Option<(SlotKey, HostedTask)> {
        let mut state = self.state.borrow_mut();
        let LoopState { slots, ready, .. } = &mut *state;
        loop {
            let key = ready.take()?;
            let slot = slots.at(key).filter(|slot| slot.stage == TaskStage::Ready);
            if let Some(slot) = slot {
                slot.stage = TaskStage::Running;
                let body = slot.body.take().expect("a ready task has its body");
                return Some((key, body));
            }
        }
    }

    /// Resumes a task, and then suspends it or ends it.
    #[inline]
    pub(super) fn step(&self, key: SlotKey, mut body: HostedTask) {
        self.note(key.slot(), EventKind::Resumed);
        self.running.set(Some(key));
        fairness::begin_step();
        let waker = integer_waker::waker(key);
        let mut output = None;
        let resume = || body.as_mut().resume_hosted(&mut Context::new(&waker), &mut output);
        match catch_unwind(AssertUnwindSafe(resume)) {
            Ok(Some(wait)) => self.suspend(key, body, wait),
            Ok(None) => self.end(key, body, output.ok_or_else(no_output)),
            Err(payload) => self.end(key, body, Err(JoinError::panicked(payload))),
        }
        self.running.set(None);
        self.show_trace();
    }

    /// Puts a task that has suspended back into its slot.
    fn suspend(&self, key: SlotKey, body: HostedTask, wait: Wait) {
        if self.tracing.get() {
            self.note(key.slot(), EventKind::Suspended(self.waiting(&wait)));
        }
        let deadline = self.deadline(&wait);
        let mut state = self.state.borrow_mut();
        let LoopState { slots, ready, timers, .. } = &mut *state;
        let slot = slots.slot(key.slot());
        let stage = match (slot.stage, &wait) {
            (TaskStage::Cancelled, _) => {
                drop(state);
                return self.end(key, body, Err(JoinError::Cancelled));
            }
            (TaskStage::Running, Wait::Until(_) | Wait::Wake) => TaskStage::Suspended,
            (TaskStage::Running, Wait::Ready) => TaskStage::SuspendedUntilReady,
            // The task was woken while it ran, or it only lets other tasks run.
            (_, _) => TaskStage::Ready,
        };
        slot.body = Some(body);
        slot.stage = stage;
        if stage == TaskStage::Ready {
            ready.push(key);
        }
        arm(timers, slot, key.slot(), deadline);
        if stage == TaskStage::SuspendedUntilReady {
            slots.add_source_waiter();
        }
    }
}

/// Returns the error for a hand-written [`Hosted`](quadrivium_core::host::Hosted) that breaks its
/// contract: it returns no wait although it has stored no output.
#[cold]
fn no_output() -> JoinError {
    JoinError::panicked(Box::new(
        "Hosted::resume_hosted returned no wait, so it must have stored an output",
    ))
}
