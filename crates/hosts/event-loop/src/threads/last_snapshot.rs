//! [`LastSnapshot`]: a snapshot that a loop has sent to another thread.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium_core::inspect::snapshot::Tasks;

use crate::time::clock;

/// A snapshot that a loop has sent to another thread.
#[derive(Clone, Debug)]
pub struct LastSnapshot {
    /// The tasks.
    pub tasks: Arc<Tasks>,
    /// When the loop has copied its records, on the real clock.
    taken: Instant,
}

impl LastSnapshot {
    pub(crate) fn now(tasks: Tasks) -> Self {
        Self { tasks: Arc::new(tasks), taken: clock::real_now() }
    }

    /// Returns how long ago the loop has copied its records, on the real clock.
    pub fn age(&self) -> Duration {
        clock::real_now().saturating_duration_since(self.taken)
    }
}
