//! [`Wait`]: what a suspended task waits for, as a value.

use std::time::Instant;

/// What a suspended task waits for.
///
/// Whatever the wait, a wake of the task's [`Waker`](std::task::Waker) ends it too: a spurious
/// resume is harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: let the others run first (asyncio's `sleep(0)`).
    Turn,
    /// A deadline on the host's clock.
    Until(Instant),
    /// A source that this task's waker was left with (see [`Readiness`](crate::Readiness)): the
    /// host's reactor wakes it, so no deadlock is certain meanwhile.
    Ready,
    /// A wake: someone holds this task's waker.
    Wake,
}

impl Wait {
    /// The first of two waits: over as soon as either is.
    ///
    /// A wake ends every wait, so `Wake` adds nothing, and `Ready`, which a wake of the reactor
    /// ends, only that the host knows of it; of two deadlines the earlier one counts.
    /// This is what lets a [`race`](crate::race) of many parts wait without an allocation.
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
