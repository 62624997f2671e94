//! [`Stopper`]: stops a loop, from any thread.

use crate::{threads::remote_loop::RemoteLoop, wake::mailbox::RemoteRequest};

/// Stops a loop, from any thread. Made by [`EventLoop::stopper`](crate::EventLoop::stopper).
#[derive(Clone, Debug)]
pub struct Stopper {
    pub(crate) remote: RemoteLoop,
}

impl Stopper {
    /// Makes the loop return soon: a stop from one of its tasks after the turn that follows, one
    /// from elsewhere after the turn that reads it; one that is not running, after the first turn
    /// of its next run. Its tasks stay where they are, but for the one a `block_on` waits for,
    /// which is cancelled. Harmless for a loop long gone.
    pub fn stop(&self) {
        self.remote.request(RemoteRequest::Stop);
    }
}
