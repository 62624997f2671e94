//! The mailboxes of all loops, in a table that is never freed.
//!
//! A mailbox belongs to one loop after another. So a wake cannot race the end of its loop: it finds
//! the mailbox open, or it finds it closed and does nothing. A new loop starts with higher
//! generations than any that the former loop has used. So a waker of the former loop finds no task
//! in the new one.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    tasks::slot_key::{GENERATIONS, LOOPS},
    threads::loop_record::LoopRecord,
    wake::{
        mailbox::{Mailbox, Unread},
        unparker::Unparker,
    },
};

const SEGMENT: usize = 256;
static MAILBOXES: [OnceLock<Box<[Mailbox]>>; LOOPS / SEGMENT] =
    [const { OnceLock::new() }; LOOPS / SEGMENT];
static UNUSED: Mutex<UnusedMailboxes> =
    Mutex::new(UnusedMailboxes { returned: Vec::new(), fresh: 0 });

/// Mailboxes without a loop.
struct UnusedMailboxes {
    /// For each mailbox of a loop that has ended: its index, and the first generation of the next
    /// loop.
    returned: Vec<(u16, u32)>,
    /// The index of the first mailbox that no loop has used.
    fresh: u32,
}

/// Returns the mailbox of the loop with this index.
pub(crate) fn of(index: u16) -> &'static Mailbox {
    let index = usize::from(index);
    let segment = &MAILBOXES[index / SEGMENT];
    &segment.get_or_init(|| (0..SEGMENT).map(|_| Mailbox::default()).collect())[index % SEGMENT]
}

/// Returns what other threads know about each loop, in the order of their indices.
pub(crate) fn records() -> Vec<Arc<LoopRecord>> {
    let made = MAILBOXES.iter().filter_map(OnceLock::get);
    made.flat_map(|segment| segment.iter().filter_map(Mailbox::record)).collect()
}

/// Takes an unused mailbox for a new loop of this thread. Returns what other threads know about the
/// loop: its index, and the generation with which its slots start.
///
/// # Errors
///
/// Fails when as many loops exist as are possible.
pub(crate) fn claim(unparker: Unparker) -> io::Result<Arc<LoopRecord>> {
    let (index, generation) =
        UNUSED.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(|| {
            let most = format!("at most {LOOPS} loops can exist at once: drop some of them first");
            io::Error::new(io::ErrorKind::QuotaExceeded, most)
        })?;
    let is_guest = matches!(unparker, Unparker::Executor(_));
    let record = Arc::new(LoopRecord::new(index, generation, is_guest));
    of(index).open(unparker, generation, Arc::clone(&record));
    Ok(record)
}

impl UnusedMailboxes {
    fn take(&mut self) -> Option<(u16, u32)> {
        let returned = self.returned.pop();
        returned.or_else(|| {
            // When the index does not fit into a `u16`, every mailbox is in use.
            let fresh = (u16::try_from(self.fresh).ok()?, 0);
            self.fresh += 1;
            Some(fresh)
        })
    }
}

/// Gives a mailbox back, and returns the requests that its loop has not read. `generation` is one
/// more than the highest generation that the loop has used.
pub(crate) fn release(index: u16, generation: u32) -> Unread {
    let unread = of(index).close();
    // A mailbox that has used half of its generations is not used again. So a wake for one loop
    // never reaches a later loop with the same mailbox.
    if generation < GENERATIONS / 2 {
        let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
        unused.returned.push((index, generation));
    }
    unread
}
