//! The message that names the green thread whose stack has overflowed.
//!
//! The guard page turns an overflow into a fault on the OS thread of the green thread. So the
//! signal handler needs only the green thread that is running on its OS thread. [`run_as`] keeps it
//! in a thread-local, which takes a swap before each resume and a store after it. While a green
//! thread resumes another one, the inner one is running. After that, the outer one is running
//! again. The waker of the resume is at the same place, for the tasks that the body performs.
//!
//! Rejected: a table of all guard pages. It costs a lock-free structure, and has no names. Also, a
//! fault in the guard page of a green thread that is not running is a wild pointer, not an
//! overflow.

use std::{
    cell::Cell,
    fmt::{self, Write},
    ops::Range,
    panic::Location,
    ptr,
    task::Waker,
};

use quadrivium_core::host;

use super::mapping::PAGE;

/// The data about a green thread and its stack that the overflow handler needs.
#[derive(Debug)]
pub(crate) struct Occupant {
    made_at: &'static Location<'static>,
    usable: Range<usize>,
}

impl Occupant {
    /// Makes the data of a green thread that starts.
    pub(crate) fn new(made_at: &'static Location<'static>, usable: Range<usize>) -> Occupant {
        Occupant { made_at, usable }
    }

    /// Returns the name of this green thread for messages, while it runs or is being dropped. A
    /// task may consist of several green threads, so the name of the task is not enough.
    ///
    /// The host is asked for the label of the task when a message is printed. To keep it from the
    /// start would cost each green thread as many instructions as its stack.
    pub(crate) fn name(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            write!(f, "the green thread made at {}, in ", self.made_at)?;
            match host::label() {
                Some(label) => write!(f, "{label},"),
                None => f.write_str("an unknown task,"),
            }
        })
    }
}

/// A green thread that is running.
pub(crate) struct Running<'a> {
    pub(crate) occupant: &'a Occupant,
    /// The waker of this resume.
    pub(crate) waker: &'a Waker,
}

thread_local! {
    /// The green thread that is running on this OS thread. It is on the stack of the host, so a
    /// switch reads no memory of the green thread for it. The variable has no destructor and needs
    /// no allocation, so a signal handler may read it at any time.
    static RUNNING: Cell<*const Running<'static>> = const { Cell::new(ptr::null()) };
}

/// The value of `RUNNING` while the OS thread is ending, when no green thread may be resumed. It is
/// no address, so the check is a comparison with a constant.
const ENDING: *const Running<'static> = ptr::without_provenance(1);

/// Makes every later resume of a green thread on this OS thread panic.
pub(super) fn refuse_resumes() {
    RUNNING.set(ENDING);
}

/// Returns whether this OS thread is ending.
pub(crate) fn is_thread_ending() -> bool {
    RUNNING.get() == ENDING
}

/// Returns the green thread that is running on this OS thread.
#[inline]
pub(crate) fn running<'a>() -> Option<&'a Running<'a>> {
    let running = RUNNING.get();
    // SAFETY: the pointer is null, or was stored by a `run_as` that has not returned. That call
    // borrows the value, and callers do not keep it longer.
    if running == ENDING { None } else { unsafe { running.as_ref() } }
}

/// Runs `body`, which resumes this green thread, also to unwind it. An overflow in it is reported
/// with the name of that green thread.
///
/// # Panics
///
/// When the OS thread is ending.
#[inline(always)]
pub(crate) fn run_as<R>(running: &Running<'_>, body: impl FnOnce() -> R) -> R {
    let restore = RestoreRunning(RUNNING.replace(ptr::from_ref(running).cast()));
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

/// Returns whether this address is on the stack of the green thread that is running.
pub(crate) fn is_on_running_stack(address: usize) -> bool {
    running().is_some_and(|running| running.occupant.usable.contains(&address))
}

/// A guard that puts the former value of `RUNNING` back. It is a destructor, so that it also works
/// when a panic leaves `run_as`.
struct RestoreRunning(*const Running<'static>);

impl Drop for RestoreRunning {
    #[inline]
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}

/// Prints the message and returns true, if a fault at `address` is an overflow of the running green
/// thread. It is async-signal-safe: it neither allocates nor locks.
pub(super) fn report(address: usize) -> bool {
    let Some(Running { occupant, .. }) = running() else { return false };
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
        // The usable bytes are a power of two, and less than a page more.
        (1 << occupant.usable.len().ilog2()) / 1024,
    );
    message.print();
    true
}

/// Text in a fixed buffer, because the handler cannot allocate.
struct Message {
    text: [u8; 1024],
    length: usize,
}

impl Message {
    /// Prints the text to standard error. It is one write, so that the lines stay together.
    fn print(&self) {
        // SAFETY: the first `length` bytes are initialised. The process ends next, so a failure is
        // not handled.
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
