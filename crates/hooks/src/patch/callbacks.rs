//! Functions of the C library that call a function of the program. A green thread must not be
//! suspended inside, because the function may have a lock, or be in the middle of a change.

use std::{
    cell::Cell,
    ffi::{c_char, c_int, c_void},
};

use libc::size_t;

thread_local! {
    /// The number of such functions on the stack of the green thread that runs. No green thread is
    /// suspended while it is not zero, so one number for each OS thread is enough.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

pub(super) fn is_in_callback() -> bool {
    DEPTH.get() > 0
}

fn inside<R>(function: impl FnOnce() -> R) -> Option<R> {
    DEPTH.set(DEPTH.get() + 1);
    let returned = function();
    DEPTH.set(DEPTH.get() - 1);
    Some(returned)
}

/// A function of the program: the C library calls it with arguments of its own.
pub(crate) type ProgramFunction = *const c_void;

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn qsort(
    real: unsafe extern "C" fn(*mut c_void, size_t, size_t, ProgramFunction),
    base: *mut c_void,
    n: size_t,
    size: size_t,
    compare: ProgramFunction,
) -> Option<()> {
    // SAFETY: The caller has passed these arguments.
    inside(|| unsafe { real(base, n, size, compare) })
}

pub(crate) unsafe fn qsort_r(
    real: unsafe extern "C" fn(*mut c_void, size_t, size_t, ProgramFunction, *mut c_void),
    base: *mut c_void,
    n: size_t,
    size: size_t,
    compare: ProgramFunction,
    argument: *mut c_void,
) -> Option<()> {
    // SAFETY: The caller has passed these arguments.
    inside(|| unsafe { real(base, n, size, compare, argument) })
}

pub(crate) unsafe fn bsearch(
    real: unsafe extern "C" fn(
        *const c_void,
        *const c_void,
        size_t,
        size_t,
        ProgramFunction,
    ) -> *mut c_void,
    key: *const c_void,
    base: *const c_void,
    n: size_t,
    size: size_t,
    compare: ProgramFunction,
) -> Option<*mut c_void> {
    // SAFETY: The caller has passed these arguments.
    inside(|| unsafe { real(key, base, n, size, compare) })
}

pub(crate) unsafe fn pthread_once(
    real: unsafe extern "C" fn(*mut c_void, ProgramFunction) -> c_int,
    once: *mut c_void,
    initialise: ProgramFunction,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    inside(|| unsafe { real(once, initialise) })
}

pub(crate) unsafe fn nftw(
    real: unsafe extern "C" fn(*const c_char, ProgramFunction, c_int, c_int) -> c_int,
    path: *const c_char,
    callback: ProgramFunction,
    descriptors: c_int,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    inside(|| unsafe { real(path, callback, descriptors, flags) })
}
