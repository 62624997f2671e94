//! [`Stopper`]: stops a loop, from any thread.

use crate::{threads::remote_loop::RemoteLoop, wake::mailbox::RemoteRequest};

/// Stops a loop, from any thread. Made by [`EventLoop::stopper`](crate::EventLoop::stopper).
#[derive(Clone, Debug)]
pub struct Stopper {
    pub(crate) remote: RemoteLoop,
}

impl Stopper {
    /// Makes the loop return soon. A stop by one of the loop's own tasks takes effect after the
    /// turn that follows. A stop from elsewhere takes effect after the turn that reads it. A loop
    /// that is not running stops after the first turn of its next run.
    ///
    /// The tasks stay on the loop. Only the task that a `block_on` waits for is cancelled. If the
    /// loop is gone, nothing happens.
    pub fn stop(&self) {
        self.remote.request(RemoteRequest::Stop);
    }
}
