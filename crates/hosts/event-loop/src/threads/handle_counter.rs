//! [`HandleCounter`]: whether any handles of one kind to a loop exist, perhaps on other threads.

use std::{
    cell::RefCell,
    sync::{Arc, Weak},
};

use crate::wake::mailbox_table;

/// Counts handles. When the last of them is dropped, wherever that is, the loop has a look at what
/// has become of it: it may be asleep because of them.
#[derive(Debug)]
pub(crate) struct HandleCounter {
    index: u16,
    /// What all of them are clones of.
    counted: RefCell<Weak<CountedHandle>>,
}

/// What a handle keeps, behind an `Arc`, so that it is counted.
#[derive(Debug)]
pub(crate) struct CountedHandle {
    index: u16,
}

impl HandleCounter {
    /// Of the loop with this mailbox.
    pub(crate) fn of(index: u16) -> Self {
        Self { index, counted: RefCell::default() }
    }

    /// Counts one more handle.
    pub(crate) fn count(&self) -> Arc<CountedHandle> {
        let mut counted = self.counted.borrow_mut();
        counted.upgrade().unwrap_or_else(|| {
            let handle = Arc::new(CountedHandle { index: self.index });
            *counted = Arc::downgrade(&handle);
            handle
        })
    }

    /// Whether any of them exist.
    pub(crate) fn any_exists(&self) -> bool {
        self.counted.borrow().strong_count() > 0
    }
}

impl Drop for CountedHandle {
    fn drop(&mut self) {
        mailbox_table::of(self.index).look();
    }
}
