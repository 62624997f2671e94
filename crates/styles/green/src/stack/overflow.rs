//! What a green thread says when its stack overflows.
//!
//! The guard page turns an overflow into a fault on the very thread that overflowed, so the handler
//! needs to know one thing: which green thread runs here now. [`watch`] keeps that in a
//! thread-local, a swap before a resume and a store after it. When a green thread resumes another
//! one, the inner one is the one that runs, and the outer one again when it comes back.
//!
//! Rejected: a table of all guard pages. It costs a lock-free structure and still does not know
//! names; and a fault in the guard page of a green thread that does not run is a wild pointer, not
//! an overflow.

use std::{
    cell::Cell,
    fmt::{self, Write},
    ops::Range,
    panic::Location,
    ptr,
};

use quadrivium_core::host::Label;

use super::mapping::PAGE;

/// A green thread and the stack it runs on, as the overflow handler sees them.
#[derive(Debug)]
pub(crate) struct Occupant {
    made_at: &'static Location<'static>,
    label: Option<Label>,
    usable: Range<usize>,
}

impl Occupant {
    /// Made when the green thread starts, in the task of this label, and kept beside it.
    pub(crate) fn new(
        made_at: &'static Location<'static>,
        label: Option<Label>,
        usable: Range<usize>,
    ) -> Occupant {
        Occupant { made_at, label, usable }
    }

    /// What this green thread is called in messages. A task may consist of several green threads,
    /// so the name of the task is not enough.
    pub(crate) fn name(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            write!(f, "the green thread made at {}, in ", self.made_at)?;
            match &self.label {
                Some(label) => write!(f, "{label},"),
                None => f.write_str("no task,"),
            }
        })
    }
}

thread_local! {
    /// The green thread that runs on this OS thread now. It has no destructor and needs no
    /// allocation, so a signal handler may read it at any time.
    static RUNNING: Cell<*const Occupant> = const { Cell::new(ptr::null()) };
}

/// Runs when the OS thread is ending: this stands for every green thread then, as none may be
/// resumed. It is no address, so it costs a compare with a constant.
const ENDING: *const Occupant = ptr::without_provenance(1);

/// From now on this OS thread resumes no green thread.
pub(super) fn resume_no_more() {
    RUNNING.set(ENDING);
}

/// Whether this OS thread is ending.
pub(crate) fn is_ending() -> bool {
    RUNNING.get() == ENDING
}

/// The green thread that runs on this OS thread now.
fn running<'a>() -> Option<&'a Occupant> {
    let running = RUNNING.get();
    // SAFETY: the pointer is null or was stored by a `watch` that has not returned, which borrows
    // the occupant for as long; callers do not keep it longer.
    if running == ENDING { None } else { unsafe { running.as_ref() } }
}

/// Runs `body`, which resumes `occupant` (or drops it: that runs on its stack
/// too), so that an overflow in it is reported as that green thread's.
///
/// # Panics
///
/// When the OS thread is ending.
#[inline(always)]
pub(crate) fn watch<R>(occupant: &Occupant, body: impl FnOnce() -> R) -> R {
    let restore = Restore(RUNNING.replace(occupant));
    if restore.0 == ENDING {
        refuse_to_resume();
    }
    body()
}

#[cold]
fn refuse_to_resume() -> ! {
    panic!(
        "a green thread cannot be resumed while its OS thread is ending, as thread-locals that it \
         has borrowed may be gone: run the loop before its thread ends"
    )
}

/// The stack of the green thread that runs on this OS thread now; an empty range if none does.
pub(crate) fn usable() -> Range<usize> {
    running().map_or(0..0, |occupant| occupant.usable.clone())
}

/// Who ran before. A destructor, because a panic may leave `watch` as well.
struct Restore(*const Occupant);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Prints the message and returns true if a fault at `address` is an overflow of the green thread
/// that runs here. Async-signal-safe: it neither allocates nor locks.
pub(super) fn report(address: usize) -> bool {
    let Some(occupant) = running() else { return false };
    let lowest = occupant.usable.start;
    if !(lowest - *PAGE..lowest).contains(&address) {
        return false;
    }
    let mut message = Message { text: [0; 1024], length: 0 };
    // A message too long for the buffer is cut, which is better than none.
    let _ = writeln!(
        message,
        "quadrivium: {} has overflowed its stack of {} KiB\n  \
         remedy: give it a larger one with green::Builder::new().stack_size(bytes), \
         or all of them with green::use_stack_size(bytes) or QUADRIVIUM_STACK_SIZE",
        occupant.name(),
        // A power of two, and less than a page more.
        (1 << occupant.usable.len().ilog2()) / 1024,
    );
    message.print();
    true
}

/// Text in a fixed buffer, since the handler cannot allocate.
struct Message {
    text: [u8; 1024],
    length: usize,
}

impl Message {
    /// One write, so that the lines stay together.
    fn print(&self) {
        // SAFETY: the first `length` bytes are initialised. Nobody is left to hear of a failure.
        unsafe { libc::write(libc::STDERR_FILENO, self.text.as_ptr().cast(), self.length) };
    }
}

impl Write for Message {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = &mut self.text[self.length..];
        let fits = piece.len().min(room.len());
        room[..fits].copy_from_slice(&piece.as_bytes()[..fits]);
        self.length += fits;
        Ok(())
    }
}
