//! The handler of SIGSEGV and SIGBUS, and the stack it runs on.
//!
//! Installed once for the process, when its first stack is taken. A fault that is no overflow of a
//! green thread goes to the handler that was there before: std's own, which prints std's message
//! for an overflow of an OS thread. A handler installed later must do the same for ours.

use std::{
    mem::{self, MaybeUninit},
    process, ptr,
    sync::{Once, OnceLock},
};

use quadrivium_core::crash_note;

use super::overflow;

/// Bytes of an alternate signal stack: ample for a register file of AVX-512 or AMX (about 11 KiB)
/// and the handlers of std and ours. Pages that no signal touches cost nothing.
const ALTERNATE_BYTES: usize = 64 << 10;

/// What the kernel calls, if SA_SIGINFO is set.
type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

static SEGV_BEFORE: OnceLock<libc::sigaction> = OnceLock::new();
static BUS_BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Puts our handler before the present one, the first time it is called.
pub(super) fn install_once() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        install(libc::SIGSEGV, &SEGV_BEFORE);
        install(libc::SIGBUS, &BUS_BEFORE);
    });
}

/// Notes the present handler before it is replaced, so that a fault in between finds it.
fn install(signal: libc::c_int, before: &OnceLock<libc::sigaction>) {
    let handler: Handler = on_fault;
    // SAFETY: all zeroes is a valid sigaction; the calls read and write only the ones given; the
    // handler is async-signal-safe.
    unsafe {
        let mut present: libc::sigaction = mem::zeroed();
        libc::sigaction(signal, ptr::null(), &mut present);
        before.get_or_init(|| present);
        let mut ours: libc::sigaction = mem::zeroed();
        ours.sa_sigaction = handler as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigemptyset(&mut ours.sa_mask);
        libc::sigaction(signal, &ours, ptr::null_mut());
    }
}

/// Reports an overflow and aborts, or hands the fault on.
extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // Linux and the BSDs give signals that were sent a code of zero or less; on macOS they look
    // like faults, and the first one is lost, as it is with std's own handler. SAFETY: with
    // SA_SIGINFO the kernel passes a valid siginfo; for these two signals it has an address, and
    // for one that was sent by kill any number, which is harmless to compare.
    let (address, was_sent) = unsafe { ((*info).si_addr() as usize, (*info).si_code <= 0) };
    if !was_sent {
        let is_overflow = overflow::report(address);
        print_crash_note();
        if is_overflow {
            process::abort();
        }
    }
    let before = if signal == libc::SIGBUS { &BUS_BEFORE } else { &SEGV_BEFORE };
    let Some(before) = before.get() else { return };
    match before.sa_sigaction {
        libc::SIG_IGN if was_sent => {}
        // The kernel does not let a true fault be ignored.
        libc::SIG_IGN | libc::SIG_DFL => die(signal, was_sent),
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: SA_SIGINFO says that the handler has this signature.
            let handler: Handler = unsafe { mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO the handler has this signature.
            let handler: extern "C" fn(libc::c_int) = unsafe { mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Tells what this thread was doing that can be repeated. Async-signal-safe.
fn print_crash_note() {
    crash_note::with(|text| {
        // SAFETY: the text is initialised, and as long as it says; only this thread writes it, and
        // is here. Nobody is left to hear of a failure.
        unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    });
}

/// Lets the signal kill the process as if nobody had handled it. A fault happens again when the
/// handler returns, and its core dump shows where; a signal that was sent must be sent again.
fn die(signal: libc::c_int, was_sent: bool) {
    // SAFETY: all zeroes is the default action; sigaction and raise are async-signal-safe.
    unsafe {
        let mut default: libc::sigaction = mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &default, ptr::null_mut());
        if was_sent {
            libc::raise(signal);
        }
    }
}

/// A stack for signal handlers, on an OS thread that std did not make: std's threads have one.
///
/// Without it the handler would run on the very stack that has overflowed, that is, not at all.
#[derive(Debug)]
pub(super) struct AlternateStack {
    memory: Box<[MaybeUninit<u8>]>,
}

impl AlternateStack {
    /// Installs one if this thread has none.
    pub(super) fn if_missing() -> Option<AlternateStack> {
        if present()?.ss_flags & libc::SS_DISABLE == 0 {
            return None;
        }
        let mut memory = Box::new_uninit_slice(ALTERNATE_BYTES);
        // SAFETY: all zeroes is a valid stack_t; the memory lives until drop removes it.
        let result = unsafe {
            let mut ours: libc::stack_t = mem::zeroed();
            ours.ss_sp = memory.as_mut_ptr().cast();
            ours.ss_size = memory.len();
            libc::sigaltstack(&ours, ptr::null_mut())
        };
        (result == 0).then_some(AlternateStack { memory })
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        let is_ours = |now: libc::stack_t| now.ss_sp.addr() == self.memory.as_ptr().addr();
        if !present().is_some_and(is_ours) {
            return;
        }
        // SAFETY: all zeroes is a valid stack_t, and this one only takes ours away.
        unsafe {
            let mut none: libc::stack_t = mem::zeroed();
            none.ss_flags = libc::SS_DISABLE;
            none.ss_size = ALTERNATE_BYTES;
            libc::sigaltstack(&none, ptr::null_mut());
        }
    }
}

/// The alternate stack of this thread now.
fn present() -> Option<libc::stack_t> {
    // SAFETY: all zeroes is a valid stack_t, and the call only writes it.
    unsafe {
        let mut now: libc::stack_t = mem::zeroed();
        (libc::sigaltstack(ptr::null(), &mut now) == 0).then_some(now)
    }
}
