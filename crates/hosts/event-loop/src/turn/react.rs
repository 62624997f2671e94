//! When the loop looks at its descriptors.

use std::time::Duration;

use super::Loop;

/// Steps between two looks at the descriptors, while tasks are ready all the time: a look is a
/// system call, which costs as much as ten steps or more.
const STEPS: usize = 32;

impl Loop {
    /// Polls the operating system and wakes who waits for what it says.
    pub(crate) fn react(&self, timeout: Option<Duration>) {
        self.steps_since_poll.set(0);
        self.reactor.poll(timeout);
        self.is_reacting.set(true);
        self.reactor.tell();
        self.is_reacting.set(false);
    }

    /// Polls at the start of a turn: when nothing is ready, and after a bounded number of steps, so
    /// that tasks that are always ready do not keep the others from their sockets.
    #[inline(never)]
    pub(super) fn react_now_and_then(&self) {
        let ready = self.state.borrow().ready.len();
        let steps = self.steps_since_poll.get() + ready;
        self.steps_since_poll.set(steps);
        if ready == 0 || steps > STEPS {
            self.react(Some(Duration::ZERO));
        }
    }
}
