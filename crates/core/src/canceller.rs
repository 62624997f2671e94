//! [`Canceller`]: cancels one task, from any thread.

use std::{fmt, sync::Arc};

/// Cancels one task, from any thread. Made by
/// [`JoinHandle::canceller`](crate::JoinHandle::canceller).
#[derive(Clone)]
pub struct Canceller {
    cancel: Arc<dyn Fn() + Send + Sync>,
}

impl Canceller {
    /// Makes a canceller that calls `cancel`. For hosts.
    pub fn new(cancel: impl Fn() + Send + Sync + 'static) -> Self {
        Self { cancel: Arc::new(cancel) }
    }

    /// Asks the host to cancel the task in its next turn. It is harmless if the task or the host is
    /// gone.
    pub fn cancel(&self) {
        (self.cancel)();
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}
