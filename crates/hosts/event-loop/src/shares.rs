//! [`Shares`]: how many somebody holds of a loop, perhaps on other threads.

use std::{
    cell::RefCell,
    sync::{Arc, Weak},
};

use crate::{active, mailboxes};

/// Counts shares. When the last of them is dropped, wherever that is, the loop has a look at what
/// has become of it: it may be asleep because of them.
#[derive(Debug)]
pub(crate) struct Shares {
    index: u16,
    /// The share that all of them are clones of.
    given: RefCell<Weak<Share>>,
}

/// What is given out, behind an `Arc`.
#[derive(Debug)]
pub(crate) struct Share {
    index: u16,
}

impl Shares {
    /// Of the loop with this mailbox.
    pub(crate) fn of(index: u16) -> Self {
        Self { index, given: RefCell::default() }
    }

    /// One more.
    pub(crate) fn give(&self) -> Arc<Share> {
        let mut given = self.given.borrow_mut();
        given.upgrade().unwrap_or_else(|| {
            let share = Arc::new(Share { index: self.index });
            *given = Arc::downgrade(&share);
            share
        })
    }

    /// Whether any is about.
    pub(crate) fn is_any_about(&self) -> bool {
        self.given.borrow().strong_count() > 0
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        // Running, on this very thread, it looks without being told.
        if !active::with(self.index, |_| ()) {
            mailboxes::of(self.index).look();
        }
    }
}
