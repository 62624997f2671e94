//! The mailboxes of all loops: a table that is never freed.
//!
//! A mailbox belongs to one loop after another, so a wake cannot race the end of its loop: it finds
//! an open mailbox, or a closed one and does nothing. Generations go on where the loop before
//! stopped, so a waker of that loop finds nobody in this one.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

use crate::{
    tasks::slot_key::{GENERATIONS, LOOPS},
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
    /// Index, and the generation to go on with.
    returned: Vec<(u16, u32)>,
    fresh: u32,
}

/// The mailbox of the loop with this index.
pub(crate) fn of(index: u16) -> &'static Mailbox {
    let index = usize::from(index);
    let segment = &MAILBOXES[index / SEGMENT];
    &segment.get_or_init(|| (0..SEGMENT).map(|_| Mailbox::default()).collect())[index % SEGMENT]
}

/// Takes an unused mailbox for a new loop: its index, and the generation its slots start with.
///
/// # Errors
///
/// When there are as many loops as can exist.
pub(crate) fn claim(unparker: Unparker) -> io::Result<(u16, u32)> {
    let (index, generation) =
        UNUSED.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(|| {
            let most = format!("no more than {LOOPS} loops can exist at once: drop some first");
            io::Error::new(io::ErrorKind::QuotaExceeded, most)
        })?;
    of(index).open(unparker, generation);
    Ok((index, generation))
}

impl UnusedMailboxes {
    fn take(&mut self) -> Option<(u16, u32)> {
        let returned = self.returned.pop();
        returned.or_else(|| {
            // There are as many as fit.
            let fresh = (u16::try_from(self.fresh).ok()?, 0);
            self.fresh += 1;
            Some(fresh)
        })
    }
}

/// Gives a mailbox back; what nobody has read. `generation` is one more than the highest its loop
/// has used.
pub(crate) fn release(index: u16, generation: u32) -> Unread {
    let unread = of(index).close();
    // A box that could no longer tell its loops apart is not used again.
    if generation < GENERATIONS / 2 {
        let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
        unused.returned.push((index, generation));
    }
    unread
}
