//! [`DescriptorInUse`]: a descriptor of the program with which another OS thread makes a call.
//!
//! If the green thread is cancelled, that call goes on, and the program may close the descriptor
//! meanwhile. The kernel would then give its number to another file, and the call could reach that
//! one. A duplicate would prevent this. But the close of a duplicate frees all locks that the
//! process has on the file (`fcntl`, POSIX), and SQLite stands on these. So the hook of `close`
//! leaves a descriptor open that is in use, and the end of the last call closes it:
//!
//! ```text
//!   pwrite ─► in use ─► another OS thread: the real pwrite ─► its end ─► closes
//!   cancelled ─► close ─► in use: returns 0 ─────────────────────────────┘
//! ```
//!
//! Calls that close a descriptor without `close` are not seen: `dup2` onto it, and `fclose`.

use std::{
    cell::Cell,
    ffi::c_int,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

struct UsedDescriptor {
    fd: c_int,
    calls: usize,
    is_closed: bool,
}

static IN_USE: Mutex<Vec<UsedDescriptor>> = Mutex::new(Vec::new());

/// The number of calls that use a descriptor. Without any, `close` takes no lock.
static CALLS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread looks at `IN_USE`. A signal handler may interrupt it, and close a file.
    static IS_LOOKING: Cell<bool> = const { Cell::new(false) };
}

fn look<R>(function: impl FnOnce(&mut Vec<UsedDescriptor>) -> R) -> R {
    let was_looking = IS_LOOKING.replace(true);
    let returned = function(&mut IN_USE.lock().unwrap_or_else(PoisonError::into_inner));
    IS_LOOKING.set(was_looking);
    returned
}

/// A descriptor that stays open while this exists.
pub(super) struct DescriptorInUse {
    fd: c_int,
}

impl DescriptorInUse {
    pub(super) fn new(fd: c_int) -> Self {
        CALLS.fetch_add(1, Ordering::SeqCst);
        look(|all| match all.iter_mut().find(|it| it.fd == fd) {
            Some(it) => it.calls += 1,
            None => all.push(UsedDescriptor { fd, calls: 1, is_closed: false }),
        });
        Self { fd }
    }

    pub(super) fn fd(&self) -> c_int {
        self.fd
    }
}

impl Drop for DescriptorInUse {
    fn drop(&mut self) {
        let is_closed = look(|all| {
            let place = all.iter().position(|it| it.fd == self.fd)?;
            all[place].calls -= 1;
            (all[place].calls == 0).then(|| all.swap_remove(place).is_closed)
        });
        CALLS.fetch_sub(1, Ordering::SeqCst);
        if is_closed == Some(true) {
            // SAFETY: The program has closed it, so no other code has this number.
            unsafe { libc::close(self.fd) };
        }
    }
}

/// # Safety
///
/// As for the C function.
pub(crate) unsafe fn close(_: unsafe extern "C" fn(c_int) -> c_int, fd: c_int) -> Option<c_int> {
    if CALLS.load(Ordering::SeqCst) == 0 || IS_LOOKING.get() {
        return None;
    }
    look(|all| {
        let usage = all.iter_mut().find(|it| it.fd == fd)?;
        usage.is_closed = true;
        Some(0)
    })
}

/// The threads of those calls do not exist in a forked process, and one of them may have had the
/// lock.
pub(crate) fn forget() {
    CALLS.store(0, Ordering::SeqCst);
}
