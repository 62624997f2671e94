//! The steps of a turn: each ready task is taken out of its slot and resumed, and put back if it
//! suspends.
//!
//! One `catch_unwind` serves all steps of a turn. If the body of a task panics, [`RunningBody`]
//! saves it from the unwinding. The task is ended, and the turn goes on with the next one.

use std::{
    any::Any,
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use quadrivium_core::{
    Context, JoinError, Wait,
    host::HostedTask,
    inspect::{self, RunningTask},
};

use super::{Loop, LoopState, deadline::arm};
use crate::{
    tasks::{slot_key::SlotKey, slots::TaskStage},
    trace::EventKind,
    wake::integer_waker,
};

impl Loop {
    /// Resumes each task of this turn once.
    #[inline]
    pub(super) fn resume_tasks(&self) {
        let resume_tasks = || match self.tracing.get() {
            false => self.resume_until_a_panic::<false>(),
            true => self.resume_until_a_panic::<true>(),
        };
        while let Err(payload) = catch_unwind(AssertUnwindSafe(resume_tasks)) {
            self.end_after_a_panic(payload);
        }
        self.after_step();
    }

    /// Ends the task that has panicked.
    #[cold]
    fn end_after_a_panic(&self, payload: Box<dyn Any + Send>) {
        match (self.running.get(), self.panicked.take()) {
            (Some(key), Some(body)) => self.fail(key, body, JoinError::panicked(payload)),
            // The panic comes from a trace, or is a fault of the loop.
            _ => resume_unwind(payload),
        }
        self.after_step();
    }

    /// Resumes one task after another. It is a function of its own, and rare events in a step are
    /// handled in other functions, so that the variables of a step fit into registers.
    #[inline(never)]
    fn resume_until_a_panic<const TRACING: bool>(&self) {
        while let Some((key, body)) = self.take_next_task() {
            if TRACING {
                self.note(key.slot(), EventKind::Resumed);
            }
            self.running.set(Some(key));
            inspect::begin_step(RunningTask(key.0));
            match self.resume(key, body) {
                (body, Some(wait)) => {
                    if TRACING {
                        self.note(key.slot(), EventKind::Suspended(self.waiting(&wait)));
                    }
                    self.suspend(key, body, wait);
                }
                (done, None) => self.end(key, Ok(done)),
            }
            if TRACING {
                self.after_step();
            }
        }
    }

    /// Takes the next task of this turn out of its slot. Skips tasks that were cancelled after they
    /// became ready.
    #[inline]
    fn take_next_task(&self) -> Option<(SlotKey, HostedTask)> {
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

    /// Resumes a task. If it panics, its body is left in `panicked`.
    #[inline]
    fn resume(&self, key: SlotKey, body: HostedTask) -> (HostedTask, Option<Wait>) {
        let waker = integer_waker::waker(key);
        let mut running = RunningBody { body: Some(body), panicked: &self.panicked };
        let body = running.body.as_mut().expect("it is taken only below");
        let wait = body.as_mut().resume_hosted(&mut Context::new(&waker));
        let body = running.body.take().expect("it was put there above");
        (body, wait)
    }

    /// Puts a task that has suspended back into its slot.
    #[inline(always)]
    fn suspend(&self, key: SlotKey, body: HostedTask, wait: Wait) {
        let mut state = self.state.borrow_mut();
        let LoopState { slots, ready, .. } = &mut *state;
        let slot = slots.slot(key.slot());
        let stage = match (slot.stage, &wait) {
            (TaskStage::Cancelled, _) => {
                drop(state);
                return self.fail(key, body, JoinError::Cancelled);
            }
            (TaskStage::Running, Wait::Until(_) | Wait::Wake) => TaskStage::Suspended,
            (TaskStage::Running, Wait::Ready) => TaskStage::SuspendedUntilReady,
            // The task was woken while it ran, or it only lets other tasks run.
            (_, _) => TaskStage::Ready,
        };
        // The slot is empty. Forgetting its content is a little cheaper than dropping it.
        mem::forget(slot.body.replace(body));
        slot.stage = stage;
        let must_arm = slot.is_armed || matches!(wait, Wait::Until(_));
        match stage {
            TaskStage::Ready => ready.push(key),
            TaskStage::SuspendedUntilReady => {
                slots.add_source_waiter();
                slots.keep_note(key.slot(), inspect::take_note());
            }
            _ => slots.keep_note(key.slot(), inspect::take_note()),
        }
        if must_arm {
            drop(state);
            self.arm(key, wait);
        }
    }

    /// Replaces the deadline of a task that has suspended.
    #[inline(never)]
    fn arm(&self, key: SlotKey, wait: Wait) {
        let deadline = self.deadline(&wait);
        let mut state = self.state.borrow_mut();
        let LoopState { slots, timers, .. } = &mut *state;
        arm(timers, slots.slot(key.slot()), key.slot(), deadline);
    }

    /// Passes the events of a step to the trace. No task is running then.
    #[inline]
    fn after_step(&self) {
        self.running.set(None);
        self.show_trace();
    }
}

/// The body of the task that is being resumed. When a panic drops this guard, the guard leaves the
/// body in `panicked`, and the task is ended after the unwinding.
struct RunningBody<'a> {
    /// `None` only after the task has been resumed.
    body: Option<HostedTask>,
    panicked: &'a Cell<Option<HostedTask>>,
}

impl Drop for RunningBody<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(body) = self.body.take() {
            self.panicked.set(Some(body));
        }
    }
}
