//! The end of a loop: its tasks are dropped, and so are tasks that their destructors spawn.

use std::mem;

use quadrivium_core::{JoinError, host::contain};

use super::Loop;
use crate::{tasks::slot_key::SlotKey, wake::mailbox_table};

/// The most tasks in a chain that destructors may spawn on a loop that is being dropped. In a
/// chain, each task is spawned by a destructor of the task before. No program needs a longer chain,
/// and a chain that never ends must be stopped.
const LONGEST_CHAIN: u32 = 16;

impl Loop {
    /// Drops all tasks, in the order they were spawned. From now on the loop takes no more tasks.
    pub(crate) fn close(&self) {
        let _entered = self.enter();
        self.state.borrow_mut().closed = true;
        // A destructor may end other tasks of the loop. Cancelling those again is harmless.
        let live = self.state.borrow().slots.live_in_order();
        for slot in live {
            let key = self.state.borrow().slots.key(slot);
            // Run at once, however deeply destructors are nested here: the tasks end before their
            // loop.
            if let Some(body) = self.take_body(key) {
                self.run_as_task(key, 0, || self.fail(key, body, JoinError::Cancelled));
            }
        }
        let of_tasks = self.state.borrow().slots.next_generation();
        let next_generation = of_tasks.max(self.parts.borrow().next_generation());
        let unread = mailbox_table::release(self.index, next_generation);
        unread.requests.into_iter().for_each(|request| _ = contain(|| drop(request)));
        self.reactor.close();
        let watchdog = self.watchdog.take();
        drop(watchdog);
        // A trace and a reporter may panic, and a trace may own handles to this loop.
        contain(|| self.tell());
        let trace = self.trace.try_borrow_mut().ok().and_then(|mut trace| trace.take());
        contain(|| drop(trace));
        #[cfg(feature = "trace-files")]
        drop(self.every_loop_trace.take());
        if let Some(scheduled) = &self.scheduled {
            scheduled.close();
        }
    }

    /// Ends a task that a destructor has spawned on this loop, which is being dropped.
    pub(super) fn refuse(&self, key: SlotKey) {
        let chain = self.chain.get() + 1;
        if chain <= LONGEST_CHAIN {
            return self.cancel_in_chain(key, chain);
        }
        let Some(body) = self.take_body(key) else { return };
        let label = self.state.borrow().slots.label(key.slot());
        eprintln!(
            "quadrivium: a destructor has spawned {label} on a loop that is being dropped. The \
             {LONGEST_CHAIN} tasks before it were also spawned like this, each by a destructor of \
             the task before. To end the chain, this one is leaked, and its destructors never \
             run\n  \
             remedy: in a destructor that spawns a task, check is_finished of the new handle. If \
             it is true at once, the loop takes no more tasks",
        );
        mem::forget(body);
        self.end(key, Err(JoinError::Cancelled));
    }
}
