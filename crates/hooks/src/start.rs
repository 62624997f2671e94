//! The start of the process: all real functions are looked up before `main`.

use crate::{list, patch::in_use, step};

/// Runs before `main`, and before any other thread exists.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    list::all_hooks().for_each(|hook| hook.resolve());
    // SAFETY: The function may be called in any process at any time.
    unsafe { libc::pthread_atfork(None, None, Some(in_forked_process)) };
}

/// A forked process runs the code behind the fork outside of any step: it must not report to the
/// test or the program that it is a copy of.
extern "C" fn in_forked_process() {
    step::forget();
    in_use::forget();
}
