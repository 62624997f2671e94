//! The end of a task: its destructors run, and the task that joins it is woken.

use std::{
    any::Any,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use quadrivium_core::{
    JoinError, LocalWaker,
    host::{self, HostedTask, Joined, ObservedStep, contain, run_destructors},
    inspect::{self, RunningTask, Style},
};

use super::{Loop, LoopState, deadline::arm};
use crate::tasks::{slot_key::SlotKey, slots::AfterEnd};

impl Loop {
    /// Drops a task that will have no output, and ends it.
    #[inline(never)]
    pub(super) fn fail(&self, key: SlotKey, body: HostedTask, error: JoinError) {
        let observed = host::observed_step(RunningTask(key.0), body.style());
        // The destructors run first: code that sees that the task has ended may rely on it.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let error = match (dropped, error) {
            (Err(payload), JoinError::Cancelled) => self.panicked(key, payload),
            (Err(payload), first @ JoinError::Panicked(_)) => {
                mem::forget(payload);
                first
            }
            (Ok(()), error) => error,
        };
        self.end(key, Err(error));
        _ = observed.map(ObservedStep::end_task);
    }

    /// Returns the error of a task that has panicked with this payload.
    #[cold]
    pub(super) fn panicked(&self, key: SlotKey, payload: Box<dyn Any + Send>) -> JoinError {
        JoinError::panicked_in(self.state.borrow().slots.label(key.slot()), payload)
    }

    /// Stores the result of a task whose destructors have run, and wakes the task that joins it.
    #[inline(always)]
    pub(super) fn end(&self, key: SlotKey, joined: Joined) {
        if self.tracing.get() {
            self.note_end(key, &joined);
        }
        let mut state = self.state.borrow_mut();
        let LoopState { slots, timers, .. } = &mut *state;
        arm(timers, slots.slot(key.slot()), key.slot(), None);
        let left = slots.end(key, joined);
        drop(state);
        match left {
            AfterEnd::Nothing => {}
            AfterEnd::Wake(joiner) => wake_joiner(joiner),
            AfterEnd::DropUnread(joined) => self.free(key, joined),
        }
    }

    /// Drops a result that will not be read, and then frees the slot. The slot stays until then,
    /// because the destructors of the result still belong to its task.
    #[inline(never)]
    fn free(&self, key: SlotKey, unread: Joined) {
        if self.tells.get() {
            self.record_unread(key, &unread);
        }
        // The destructor of an output may panic.
        contain(|| drop(unread));
        self.state.borrow_mut().slots.free(key);
    }

    /// Drops the result of a task that has ended and will not be joined. The destructors run as
    /// that task's.
    #[cold]
    pub(super) fn drop_output(&self, key: SlotKey, unread: Joined) {
        let (this, chain) = (self.this(), self.chain.get());
        run_destructors(move || {
            this.run_as_task(key, chain, || {
                let has_destructors = !matches!(unread, Err(JoinError::Cancelled));
                let begin = || host::observed_step(RunningTask(key.0), Style::Other);
                let _observed = has_destructors.then(begin);
                this.free(key, unread);
            });
            this.show_reports_outside_of_turns();
        });
    }

    /// Runs destructors of a task with this loop as their host. The caller may be outside of a run,
    /// inside another task of the loop, or inside a task of another loop.
    pub(super) fn run_as_task(&self, key: SlotKey, chain: u32, destructors: impl FnOnce()) {
        let _entered = self.enter();
        let _steps = inspect::steps().of_destructors(RunningTask(key.0));
        let outer = self.ending.replace(Some(key));
        let outer_chain = self.chain.replace(chain);
        destructors();
        self.ending.set(outer);
        self.chain.set(outer_chain);
    }
}

/// Wakes the task that joins a task that has ended. The waker may be another executor's, and may
/// panic. That must not harm this loop.
#[inline(never)]
fn wake_joiner(joiner: LocalWaker) {
    contain(|| joiner.wake());
}
