//! [`RemoteLoop`]: reaches a loop from any thread.

use std::sync::Arc;

use crate::{
    tasks::slot_key::SlotKey,
    threads::handle_counter::CountedHandle,
    wake::{mailbox::RemoteCall, mailbox_table},
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

    pub(crate) fn cancel(&self, key: SlotKey) {
        mailbox_table::of(self.index).cancel(key, self.first_generation);
    }

    pub(crate) fn run(&self, call: RemoteCall) {
        mailbox_table::of(self.index).run(call, self.first_generation);
    }

    pub(crate) fn stop(&self) {
        mailbox_table::of(self.index).stop(self.first_generation);
    }
}
