//! Whether hooks look at the calls of this thread.

use std::cell::Cell;

thread_local! {
    /// Whether this thread runs a step that is watched, and is not inside a hook. It has no
    /// destructor, so it can be read at any time: before `main`, at the end of a thread, and in a
    /// signal handler.
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a hook has to look at its call.
#[inline]
pub(crate) fn is_watched() -> bool {
    IS_WATCHED.get()
}

/// Sets whether this thread is watched, and returns whether it was.
pub(crate) fn set(is_watched: bool) -> bool {
    IS_WATCHED.replace(is_watched)
}

/// Returns the address of the flag of [`is_watched`]. The kernel reads it at each system call.
#[cfg(target_arch = "x86_64")]
pub(crate) fn watched_flag() -> *const bool {
    IS_WATCHED.with(|flag| flag.as_ptr().cast_const())
}

/// A guard: while it exists, this thread is not watched.
pub(crate) struct Unwatched {
    was_watched: bool,
}

/// Lets all calls fall through while the guard exists.
pub(crate) fn suspend_watch() -> Unwatched {
    Unwatched { was_watched: set(false) }
}

impl Drop for Unwatched {
    fn drop(&mut self) {
        set(self.was_watched);
    }
}

/// Ends the watch of the step that this thread is in. A forked process calls this.
pub(crate) fn forget() {
    set(false);
}
