//! The handler of SIGSEGV and SIGBUS, and the stack on which it runs.
//!
//! It is installed once for the process, when the first stack is taken. A fault that is no overflow
//! of a green thread goes to the former handler. Mostly this is the handler of std, which prints a
//! message for an overflow of an OS thread. A handler that is installed later must pass faults on
//! to this one in the same way.

use std::{
    mem::{self, MaybeUninit},
    process, ptr,
    sync::{Once, OnceLock},
};

use quadrivium_core::crash_note;

use super::overflow;

/// The size of an alternate signal stack, in bytes. It has room for the registers of AVX-512 or AMX
/// (about 11 KiB) and for the handlers of std and ours. Pages that no signal touches cost nothing.
const ALTERNATE_BYTES: usize = 64 << 10;

/// A signal handler as the kernel calls it if SA_SIGINFO is set.
type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

static SEGV_BEFORE: OnceLock<libc::sigaction> = OnceLock::new();
static BUS_BEFORE: OnceLock<libc::sigaction> = OnceLock::new();

/// Puts our handler before the present one. Only the first call has an effect.
pub(super) fn install_once() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        install(libc::SIGSEGV, &SEGV_BEFORE);
        install(libc::SIGBUS, &BUS_BEFORE);
    });
}

/// Installs our handler. Stores the present handler first, so that a fault in between finds it.
fn install(signal: libc::c_int, before: &OnceLock<libc::sigaction>) {
    let handler: Handler = on_fault;
    // SAFETY: all zeroes is a valid sigaction. The calls read and write only these two. The handler
    // is async-signal-safe.
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

/// Reports an overflow and aborts. Passes any other fault on to the former handler.
extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // On Linux and the BSDs, a signal that a process has sent has a code of zero or less. On macOS
    // it looks like a fault. There the first such signal is lost, as with the handler of std.
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo. For these two signals it has an
    // address. For a signal that was sent by kill this is any number, which is harmless to compare.
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
        // The kernel does not allow a real fault to be ignored.
        libc::SIG_IGN | libc::SIG_DFL => die(signal, was_sent),
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: with SA_SIGINFO the handler has this signature.
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

/// Prints how to repeat the work of this thread, such as the seed of a simulation. It is
/// async-signal-safe.
fn print_crash_note() {
    crash_note::with(|text| {
        // SAFETY: the text is initialised and has this length. Only this thread writes it, and this
        // thread is here. The process ends next, so a failure is not handled.
        unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    });
}

/// Lets the signal kill the process as if there were no handler. A fault happens again when the
/// handler returns, and its core dump shows the place. A signal that was sent must be sent again.
fn die(signal: libc::c_int, was_sent: bool) {
    // SAFETY: all zeroes is the default action. sigaction and raise are async-signal-safe.
    unsafe {
        let mut default: libc::sigaction = mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        libc::sigaction(signal, &default, ptr::null_mut());
        if was_sent {
            libc::raise(signal);
        }
    }
}

/// A stack for signal handlers, for an OS thread that std did not make. The threads of std have
/// one.
///
/// Without it the handler would have to run on the stack that has overflowed, which is impossible.
#[derive(Debug)]
pub(super) struct AlternateStack {
    memory: Box<[MaybeUninit<u8>]>,
}

impl AlternateStack {
    /// Installs an alternate stack if this thread has none.
    pub(super) fn if_missing() -> Option<AlternateStack> {
        if present()?.ss_flags & libc::SS_DISABLE == 0 {
            return None;
        }
        let mut memory = Box::new_uninit_slice(ALTERNATE_BYTES);
        // SAFETY: all zeroes is a valid stack_t. The memory lives until drop removes it.
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

/// Returns the present alternate stack of this thread.
fn present() -> Option<libc::stack_t> {
    // SAFETY: all zeroes is a valid stack_t, and the call only writes it.
    unsafe {
        let mut now: libc::stack_t = mem::zeroed();
        (libc::sigaltstack(ptr::null(), &mut now) == 0).then_some(now)
    }
}
