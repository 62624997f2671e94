//! Requests from other threads: wakes, cancels, calls and stops, which the loop reads from its
//! mailbox.

use quadrivium_core::host::contain;

use super::Loop;
use crate::{
    trace::By,
    wake::{integer_waker, mailbox::RemoteRequest},
};

impl Loop {
    /// Carries out the requests from other threads, in the order in which they were made.
    #[inline(never)]
    pub(super) fn carry_out_requests(&self) {
        let Some(unread) = self.mailbox.take_unread() else { return };
        self.state.borrow_mut().escaped |= unread.escaped;
        for request in unread.requests {
            match request {
                RemoteRequest::Wake(key) => self.wake_by(key, By::Outside),
                // The combinator's waker may be another executor's, and may panic.
                RemoteRequest::WakePart(key) => {
                    _ = contain(|| integer_waker::part_waker(key).wake());
                }
                RemoteRequest::Cancel(key) => self.cancel_task(key),
                // The call may drop values of other code, whose destructors may panic.
                RemoteRequest::Run(call) => _ = contain(call),
                RemoteRequest::Stop => self.stopped.set(true),
            }
        }
    }
}
