//! Requests from other threads: wakes, cancels, calls and stops, which the loop reads from its
//! mailbox.

use std::mem;

use quadrivium_core::host::contain;

use super::Loop;
use crate::{
    trace::By,
    wake::{integer_waker, mailbox::RemoteRequest},
};

/// Room for this number of requests is kept for the next ones.
const KEPT_REQUESTS: usize = 1_024;

impl Loop {
    /// Carries out the requests from other threads, in the order in which they were made.
    #[inline(never)]
    pub(super) fn carry_out_requests(&self) {
        let mut unread = self.unread.take();
        self.mailbox.take_unread(&mut unread);
        self.state.borrow_mut().escaped |= mem::take(&mut unread.escaped);
        for request in unread.requests.drain(..) {
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
        if unread.requests.capacity() <= KEPT_REQUESTS {
            self.unread.set(unread);
        }
    }
}
