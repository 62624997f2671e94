//! When no task can go on.

use super::Loop;
use crate::error::Deadlock;

impl Loop {
    /// The tasks that are left, when nobody outside the loop could wake one of them.
    pub(crate) fn deadlock(&self) -> Option<Deadlock> {
        let state = self.state.borrow();
        let nobody_outside = !self.remotes.any_exists()
            && !state.escaped
            && state.slots.all_wakers_are_local()
            && !state.slots.any_waits_for_a_source()
            // Last, as it takes a look at all of them: a waker may be with a source though the task
            // does not say so, when a foreign future has left it there or a deadline that never
            // comes counts for more in a sum.
            && !self.reactor.is_waited_for();
        // The mailbox after the count: a handle posts before it stops being counted.
        if !nobody_outside || !self.mailbox.is_empty_for_certain() {
            return None;
        }
        let labels = state.slots.live_in_order().into_iter().map(|slot| state.slots.label(slot));
        let time_is_used_up = self.time_is_used_up.get();
        Some(Deadlock { tasks: labels.collect(), time_is_used_up })
    }
}
