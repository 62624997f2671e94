//! How the loop finds a deadlock: no task can go on, and nothing outside the loop can wake one.

use super::Loop;
use crate::error::Deadlock;

impl Loop {
    /// Returns the tasks that are left, if nothing outside the loop can wake one of them. Called
    /// when no task is ready and no deadline can come.
    pub(crate) fn deadlock(&self) -> Option<Deadlock> {
        let state = self.state.borrow();
        let nothing_outside_can_wake = !self.remotes.any_exists()
            && !state.escaped
            && state.slots.all_wakers_are_local()
            && !state.slots.any_waits_for_a_source()
            // This check comes last, because it looks at every source. It finds a waker that waits
            // at a source although its task's wait is not `Ready`. A foreign future may have left
            // it there. Or the wait was combined with a deadline that never comes, and `Wait::or`
            // has kept the deadline.
            && !self.reactor.is_waited_for();
        // The mailbox is checked after the handles: a handle posts its request before it stops
        // being counted.
        if !nothing_outside_can_wake || !self.mailbox.is_empty_for_certain() {
            return None;
        }
        drop(state);
        let time_is_used_up = self.time_is_used_up.get();
        let joined_elsewhere = self.joined_elsewhere();
        Some(Deadlock { tasks: self.tasks_snapshot(), joined_elsewhere, time_is_used_up })
    }
}
