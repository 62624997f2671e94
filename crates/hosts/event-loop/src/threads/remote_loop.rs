//! [`RemoteLoop`]: reaches a loop from any thread.

use std::sync::Arc;

use crate::{
    threads::handle_counter::CountedHandle,
    wake::{mailbox::RemoteRequest, mailbox_table},
};

/// Reaches a loop from any thread. The loop can tell whether any of these exist.
#[derive(Clone, Debug)]
pub(crate) struct RemoteLoop {
    index: u16,
    /// Where the loop's generations begin: no other loop with this mailbox begins there.
    first_generation: u32,
    _counted: Arc<CountedHandle>,
}

impl RemoteLoop {
    pub(crate) fn new(index: u16, first_generation: u32, counted: Arc<CountedHandle>) -> Self {
        Self { index, first_generation, _counted: counted }
    }

    /// Has the loop do this in its next turn, unless it is gone.
    pub(crate) fn request(&self, request: RemoteRequest) {
        mailbox_table::of(self.index).request(request, self.first_generation);
    }
}
