//! The end of a task: its destructors run, and the task that joins it is woken.

use std::panic::{AssertUnwindSafe, catch_unwind};

use quadrivium_core::{
    JoinError,
    host::{HostedTask, Joined, contain, run_destructors},
};

use super::{Loop, LoopState, deadline::arm};
use crate::{
    tasks::{slot_key::SlotKey, slots::JoinState},
    trace::EventKind,
};

impl Loop {
    /// Drops the body of a task, stores the result, and wakes the task that joins it.
    #[inline(never)]
    pub(super) fn end(&self, key: SlotKey, body: HostedTask, joined: Joined) {
        // The destructors run first: code that sees that the task has ended may rely on it.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let joined = match dropped {
            Ok(()) => joined,
            Err(payload) => {
                drop_unread(joined);
                Err(JoinError::panicked(payload))
            }
        };
        self.note(
            key.slot(),
            match &joined {
                Ok(_) => EventKind::Done,
                Err(JoinError::Cancelled) => EventKind::Cancelled,
                Err(JoinError::Panicked(_)) => EventKind::Panicked,
            },
        );
        let mut state = self.state.borrow_mut();
        let LoopState { slots, timers, .. } = &mut *state;
        arm(timers, slots.slot(key.slot()), key.slot(), None);
        let ended = slots.end(key, joined);
        drop(state);
        match ended {
            // The waker may be another executor's, and may panic. That must not harm this loop.
            JoinState::Joiner(waker) => _ = contain(|| waker.wake()),
            JoinState::Joined(unread) => self.free(key, unread),
            JoinState::NoJoiner | JoinState::Detached => {}
        }
    }

    /// Drops a result that will not be read, and then frees the slot. The slot stays until then,
    /// because the destructors of the result still belong to its task.
    fn free(&self, key: SlotKey, unread: Joined) {
        drop_unread(unread);
        self.state.borrow_mut().slots.free(key);
    }

    /// Drops the result of a task that has ended and will not be joined. The destructors run as
    /// that task's.
    #[cold]
    pub(super) fn drop_output(&self, key: SlotKey, unread: Joined) {
        let (this, chain) = (self.this(), self.chain.get());
        run_destructors(move || this.run_as_task(key, chain, || this.free(key, unread)));
    }

    /// Runs destructors of a task with this loop as their host. The caller may be outside of a run,
    /// inside another task of the loop, or inside a task of another loop.
    pub(super) fn run_as_task(&self, key: SlotKey, chain: u32, destructors: impl FnOnce()) {
        let _entered = self.enter();
        let outer = self.ending.replace(Some(key));
        let outer_chain = self.chain.replace(chain);
        destructors();
        self.ending.set(outer);
        self.chain.set(outer_chain);
    }
}

/// Drops a result that will not be read. Its destructor may panic.
fn drop_unread(joined: Joined) {
    contain(|| drop(joined));
}
