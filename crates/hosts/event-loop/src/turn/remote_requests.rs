//! What other threads ask of the loop: wakes, cancels, calls and stops from its mailbox.

use quadrivium_core::host::contain;

use super::Loop;
use crate::{
    trace::By,
    wake::mailbox::{RemoteRequest, Unread},
};

impl Loop {
    /// Does what other threads have asked for, in the order in which they did.
    pub(super) fn serve(&self, unread: Unread) {
        self.state.borrow_mut().escaped |= unread.escaped;
        for request in unread.requests {
            match request {
                RemoteRequest::Wake(key) => self.wake_by(key, By::Outside),
                RemoteRequest::Cancel(key) => self.cancel_task(key),
                // It may drop what others have left with it.
                RemoteRequest::Run(call) => _ = contain(call),
                RemoteRequest::Stop => self.stopped.set(true),
            }
        }
    }
}
