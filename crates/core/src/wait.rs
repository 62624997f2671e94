//! [`Wait`]: the value by which a suspended task describes what it waits for.

use std::time::Instant;

/// The condition that a suspended task waits for. Its host resumes the task when the wait is over.
///
/// A wake of the task's [`Waker`](std::task::Waker) ends every wait. So a task may be resumed too
/// early. Such a *spurious* resume is harmless, because the task then waits again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// No condition: the other ready tasks run first (asyncio's `sleep(0)`).
    Turn,
    /// A deadline: the time on the host's clock at which the task is to be resumed.
    Until(Instant),
    /// A descriptor, such as a socket, for which the operating system reports when it is ready. The
    /// task has left its waker in a [`Readiness`](crate::Readiness). The reactor, the part of the
    /// host that listens to the operating system, wakes the task. So the host reports no deadlock
    /// meanwhile.
    Ready,
    /// A wake: another task, or another thread, holds this task's waker.
    Wake,
}

impl Wait {
    /// Combines two waits into one, which is over as soon as either of them is over.
    ///
    /// * A wake ends every wait, so `Wake` adds nothing to another wait.
    /// * A wake by the reactor ends `Ready`. So `Ready` adds no more than a fact for the host: a
    ///   reactor will wake the task.
    /// * Of two deadlines the earlier one counts.
    ///
    /// With this function a [`race`](crate::race) of many parts waits without an allocation.
    ///
    /// ```
    /// use quadrivium_core::Wait;
    ///
    /// assert_eq!(Wait::Wake.or(Wait::Turn), Wait::Turn);
    /// ```
    #[inline]
    #[must_use]
    pub fn or(self, other: Wait) -> Wait {
        match (self, other) {
            (Wait::Turn, _) | (_, Wait::Turn) => Wait::Turn,
            (Wait::Until(a), Wait::Until(b)) => Wait::Until(a.min(b)),
            (Wait::Until(at), Wait::Ready | Wait::Wake)
            | (Wait::Ready | Wait::Wake, Wait::Until(at)) => Wait::Until(at),
            (Wait::Ready, Wait::Ready | Wait::Wake) | (Wait::Wake, Wait::Ready) => Wait::Ready,
            (Wait::Wake, Wait::Wake) => Wait::Wake,
        }
    }
}
