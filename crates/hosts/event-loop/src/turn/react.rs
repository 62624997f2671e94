//! When the loop asks the operating system which descriptors are ready, and what it does then.

use std::time::Duration;

use super::Loop;

/// The number of steps between two polls of the descriptors, while tasks are ready all the time. A
/// poll is a system call, which costs as much as ten steps or more.
const STEPS_BETWEEN_POLLS: usize = 32;

impl Loop {
    /// Asks the operating system which descriptors are ready, waiting at most `timeout`, and wakes
    /// the tasks that wait for them.
    pub(crate) fn react(&self, timeout: Option<Duration>) {
        self.steps_since_poll.set(0);
        self.reactor.poll(timeout);
        self.is_reacting.set(true);
        self.reactor.wake_waiters();
        self.is_reacting.set(false);
    }

    /// Polls at the start of a turn if nothing is ready, or if a bounded number of steps has passed
    /// since the last poll. So tasks that are always ready do not keep other tasks from their
    /// sockets.
    #[inline(never)]
    pub(super) fn react_now_and_then(&self) {
        let ready = self.state.borrow().ready.len();
        let steps = self.steps_since_poll.get() + ready;
        self.steps_since_poll.set(steps);
        if ready == 0 || steps > STEPS_BETWEEN_POLLS {
            self.react(Some(Duration::ZERO));
        }
    }
}
