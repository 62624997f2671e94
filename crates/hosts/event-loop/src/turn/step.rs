//! The steps of a turn: each ready task is taken out of its slot and resumed, and put back if it
//! suspends.
//!
//! One `catch_unwind` serves all steps of a turn. If the body of a task panics, [`RunningBody`]
//! saves it from the unwinding. The task is ended, and the turn goes on with the next one.

use std::{
    any::Any,
    cell::Cell,
    hint::black_box,
    mem::{self, ManuallyDrop},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use quadrivium_core::{
    Context, JoinError, Wait,
    host::{self, HostedTask, ObservedStep},
    inspect::{self, RunningTask},
};

use super::{Loop, LoopState, deadline::arm};
use crate::{
    tasks::{
        slot_key::SlotKey,
        slots::{TaskSlot, TaskStage},
    },
    time::task_timers::TaskTimers,
    wake::integer_waker,
};

impl Loop {
    /// Resumes each task of this turn once.
    #[inline]
    pub(super) fn resume_tasks(&self) {
        let resume_tasks = || match self.tells.get() || host::is_observed() {
            false => self.resume_until_a_panic::<false>(),
            true => self.resume_and_tell_until_a_panic(),
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
            (Some(key), Some(body)) => {
                self.fail(key, body, self.panicked(key, payload));
            }
            // The panic comes from a trace or a reporter, or is a fault of the loop.
            _ => resume_unwind(payload),
        }
        self.after_step();
    }

    #[inline(never)]
    fn resume_and_tell_until_a_panic(&self) {
        self.suspect_when_due();
        self.resume_until_a_panic::<true>();
    }

    /// Resumes one task after another. Rare events in a step are handled in other functions, so
    /// that the variables of a step fit into registers.
    ///
    /// Between two steps, the state is borrowed once: to put one task back, and to take the next.
    ///
    /// `TELLS` is true if there is a trace, if the loop is watched, or if observers are told of the
    /// steps.
    #[inline(always)]
    fn resume_until_a_panic<const TELLS: bool>(&self) {
        let mut state = self.state.borrow_mut();
        while let Some(key) = state.ready.take() {
            let Some(body) = state.slots.start_step(key) else {
                // The task was cancelled after it became ready. Without this hint, the compiler
                // makes an inner loop of this, and that takes the registers of a step.
                black_box(());
                continue;
            };
            drop(state);
            if TELLS {
                self.record_resume(key);
            }
            self.running.set(Some(key));
            inspect::begin_step(RunningTask(key.0));
            let observed = Observed::<TELLS>::begin(key, &body);
            match self.resume(key, body) {
                (body, Some(wait)) => {
                    drop(observed);
                    if TELLS {
                        self.record_suspension(key, &body, &wait);
                    }
                    state = self.state.borrow_mut();
                    if let Some(cancelled) = self.suspend(&mut state, key, body, wait) {
                        drop(state);
                        self.fail(key, cancelled, JoinError::Cancelled);
                        state = self.state.borrow_mut();
                    }
                }
                (done, None) => {
                    self.end(key, Ok(done));
                    observed.end_task();
                    state = self.state.borrow_mut();
                }
            }
            if TELLS {
                drop(state);
                self.look_for_a_join_cycle(key);
                self.after_step();
                state = self.state.borrow_mut();
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

    /// Puts a task that has suspended back into its slot. Returns it if it was cancelled meanwhile.
    #[inline(always)]
    fn suspend(
        &self,
        state: &mut LoopState,
        key: SlotKey,
        body: HostedTask,
        wait: Wait,
    ) -> Option<HostedTask> {
        let LoopState { slots, ready, timers, .. } = state;
        let slot = slots.slot(key.slot());
        if slot.stage == TaskStage::Cancelled {
            return Some(body);
        }
        // The slot is empty. Forgetting its content is a little cheaper than dropping it.
        mem::forget(slot.body.replace(body));
        if slot.is_armed || matches!(wait, Wait::Until(_)) {
            self.arm(timers, slot, key.slot(), &wait);
        }
        slot.stage = match wait {
            // The task only lets other tasks run, or it was woken while it ran.
            Wait::Turn => TaskStage::Ready,
            _ if slot.stage == TaskStage::Woken => TaskStage::Ready,
            Wait::Ready => TaskStage::SuspendedUntilReady,
            Wait::Until(_) | Wait::Wake => TaskStage::Suspended,
        };
        match slot.stage {
            TaskStage::Ready => ready.push(key),
            TaskStage::SuspendedUntilReady => {
                slots.add_source_waiter();
                slots.keep_note(key.slot(), inspect::take_note());
            }
            _ => slots.keep_note(key.slot(), inspect::take_note()),
        }
        None
    }

    /// Replaces the deadline of a task that has suspended.
    #[inline(never)]
    fn arm(&self, timers: &mut TaskTimers, slot: &mut TaskSlot, index: u32, wait: &Wait) {
        arm(timers, slot, index, self.deadline(wait));
    }

    /// Passes the events of a step to the trace, and the reports to the reporter. No task is
    /// running then.
    #[inline]
    fn after_step(&self) {
        self.running.set(None);
        self.tell();
    }
}

/// The step of a task. The observers are told if `TELLS`. If not, this is nothing for the compiler,
/// whereas an `Option` would be kept in memory and dropped in each step.
struct Observed<const TELLS: bool>(ManuallyDrop<Option<ObservedStep>>);

impl<const TELLS: bool> Observed<TELLS> {
    #[inline(always)]
    fn begin(key: SlotKey, body: &HostedTask) -> Self {
        Self(ManuallyDrop::new(match TELLS {
            true => host::observed_step(RunningTask(key.0), body.style()),
            false => None,
        }))
    }

    /// Tells the observers that the task has ended.
    #[inline(always)]
    fn end_task(mut self) {
        if TELLS {
            _ = self.0.take().map(ObservedStep::end_task);
        }
    }
}

impl<const TELLS: bool> Drop for Observed<TELLS> {
    #[inline(always)]
    fn drop(&mut self) {
        if TELLS {
            drop(self.0.take());
        }
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
            keep(self.panicked, body);
        }
    }
}

/// This is a function of its own, so that `drop` is small enough for the compiler to inline. The
/// body then stays in registers while it is resumed.
#[cold]
#[inline(never)]
fn keep(panicked: &Cell<Option<HostedTask>>, body: HostedTask) {
    panicked.set(Some(body));
}
