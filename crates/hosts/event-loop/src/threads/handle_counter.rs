//! [`HandleCounter`]: counts the handles of one kind that reach a loop, perhaps on other threads.

use std::{
    cell::RefCell,
    sync::{Arc, Weak},
};

use crate::wake::mailbox_table;

/// Counts handles. When the last handle is dropped, on any thread, the loop is woken and checks its
/// state again. It may be asleep only because a handle existed.
#[derive(Debug)]
pub(crate) struct HandleCounter {
    index: u16,
    /// All handles have a clone of this `Arc`.
    counted: RefCell<Weak<CountedHandle>>,
}

/// Each handle has an `Arc` of this, which is how it is counted.
#[derive(Debug)]
pub(crate) struct CountedHandle {
    index: u16,
}

impl HandleCounter {
    /// Makes the counter of the loop with this mailbox.
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

    /// Returns whether any handle exists.
    pub(crate) fn any_exists(&self) -> bool {
        self.counted.borrow().strong_count() > 0
    }
}

impl Drop for CountedHandle {
    fn drop(&mut self) {
        mailbox_table::of(self.index).unpark_loop();
    }
}
