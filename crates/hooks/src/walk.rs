//! [`Addresses`]: the call stack, as addresses.
//!
//! The walk allocates nothing and takes no lock. What the addresses mean is looked up later, when
//! the step has ended (`stack_frame.rs`).

use std::{
    ffi::{c_int, c_void},
    mem, ptr,
};

use crate::system;

/// Deeper frames are left out. The frames of a user are near the top.
const MOST: usize = 96;

/// The addresses of the calls on this stack, the innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    all: [usize; MOST],
    length: usize,
    /// The calls above a signal handler are left out, because that handler is ours.
    begins_at_signal: bool,
    /// A signal handler is among the calls.
    pub(crate) in_signal_handler: bool,
}

impl Addresses {
    /// Walks the stack of the caller.
    pub(crate) fn of_caller() -> Self {
        Self::walk(false)
    }

    /// Walks the stack of the code that the caller, a signal handler, has interrupted.
    pub(crate) fn of_interrupted_code() -> Self {
        Self::walk(true)
    }

    fn walk(begins_at_signal: bool) -> Self {
        let mut found =
            Self { all: [0; MOST], length: 0, begins_at_signal, in_signal_handler: false };
        // SAFETY: `add` has the type that the unwinder expects, and its argument outlives the call.
        unsafe { _Unwind_Backtrace(add, (&raw mut found).cast()) };
        found
    }

    pub(crate) fn as_slice(&self) -> &[usize] {
        &self.all[..self.length]
    }
}

/// The code to which a signal handler returns: it makes the system call `rt_sigreturn`.
#[cfg(target_arch = "x86_64")]
const RETURN_FROM_SIGNAL: [u8; 9] = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];
#[cfg(target_arch = "aarch64")]
const RETURN_FROM_SIGNAL: [u8; 8] = [0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4];

/// A frame, as the unwinder passes it.
#[repr(C)]
struct UnwindContext {
    _private: [u8; 0],
}

const CONTINUE: c_int = 0;
const END_OF_STACK: c_int = 5;

// The interface of the unwinder that all programs with panics link (the Itanium C++ ABI).
unsafe extern "C" {
    fn _Unwind_Backtrace(
        add: extern "C" fn(*mut UnwindContext, *mut c_void) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIPInfo(context: *mut UnwindContext, is_interrupted: *mut c_int) -> usize;
}

extern "C" fn add(context: *mut UnwindContext, found: *mut c_void) -> c_int {
    // SAFETY: This is the argument of `of_caller`, and nothing else refers to it meanwhile.
    let found = unsafe { &mut *found.cast::<Addresses>() };
    let mut is_interrupted = 0;
    // SAFETY: The unwinder has passed the context to this call.
    let address = unsafe { _Unwind_GetIPInfo(context, &raw mut is_interrupted) };
    // Switches between stacks of green threads look interrupted, too. Only behind a signal handler
    // is the frame before this one the code that returns from a signal.
    if is_interrupted != 0
        && let Some(before) = found.as_slice().last()
    {
        let code = system::read(ptr::with_exposed_provenance(*before));
        let is_signal = code == Some(RETURN_FROM_SIGNAL);
        if is_signal && mem::take(&mut found.begins_at_signal) {
            found.length = 0;
        } else {
            found.in_signal_handler |= is_signal;
        }
    }
    if found.length == MOST {
        return END_OF_STACK;
    }
    found.all[found.length] = address;
    found.length += 1;
    CONTINUE
}
