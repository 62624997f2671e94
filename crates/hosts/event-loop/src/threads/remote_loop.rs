//! [`RemoteLoop`]: posts requests to a loop, from any thread.

use std::sync::Arc;

use crate::{
    threads::handle_counter::CountedHandle,
    wake::{mailbox::RemoteRequest, mailbox_table},
};

/// Posts requests to a loop, from any thread. The loop counts these handles.
#[derive(Clone, Debug)]
pub(crate) struct RemoteLoop {
    index: u16,
    /// The first generation of the loop. No other loop with this mailbox begins with it.
    first_generation: u32,
    _counted: Arc<CountedHandle>,
}

impl RemoteLoop {
    pub(crate) fn new(index: u16, first_generation: u32, counted: Arc<CountedHandle>) -> Self {
        Self { index, first_generation, _counted: counted }
    }

    /// Posts a request, which the loop carries out in its next turn. Does nothing if the loop is
    /// gone.
    pub(crate) fn request(&self, request: RemoteRequest) {
        mailbox_table::of(self.index).request(request, self.first_generation);
    }
}
