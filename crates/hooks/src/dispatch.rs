//! System calls that a crate makes without the C library, such as those of `rustix`. The kernel
//! reports them: Syscall User Dispatch, on x86-64 since Linux 5.11.
//!
//! ```text
//!   code ─ system call ─► kernel ─┬─ in the text of the C library, or not watched ─► carried out
//!                                 └─ otherwise ─► SIGSYS ─► `on_direct_call` ─► `step::call`
//! ```
//!
//! The kernel reads the flag of this thread that also decides in a hook (`step.rs`), so it costs
//! nothing to begin a step. The handler of the signal runs on a stack of its own, because a green
//! thread may have little stack left. It makes the system call itself, and leaves what the call
//! returned in the register where the interrupted code expects it.

#![allow(unsafe_code)]

use std::{
    cell::OnceCell,
    ffi::{c_int, c_void},
    io, mem, ptr,
    sync::OnceLock,
};

use libc::{c_long, siginfo_t, ucontext_t};

use crate::{list, step, system, system_call};

/// Makes the system calls of watched steps on this thread visible, also those that are not made
/// through the C library. [`must_not_block`](crate::must_not_block) calls this.
///
/// The process then has a handler for SIGSYS, and this thread has another alternate stack, until it
/// ends.
///
/// # Errors
///
/// When the kernel does not offer it, or when the process already has a handler for SIGSYS. Then
/// only calls through the C library are seen.
pub fn see_direct_calls() -> io::Result<()> {
    let is_seen = SEEN.try_with(|seen| match seen.get_or_init(Dispatch::begin) {
        Ok(_) => Ok(()),
        Err(reason) => Err(*reason),
    });
    let reason = match is_seen {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(reason)) => reason,
        Err(_) => "the thread is ending",
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

thread_local! {
    static SEEN: OnceCell<Result<Dispatch, &'static str>> = const { OnceCell::new() };
}

const SET_DISPATCH: c_int = 59;
const OFF: c_int = 0;
const ON: c_int = 1;

/// The reason in `si_code` of a SIGSYS: the dispatch. Another one is a filter of system calls.
const IS_DISPATCH: c_int = 2;

/// The walk of the stack takes some four KiB, and other handlers may interrupt this one.
const STACK_BYTES: usize = 64 << 10;

/// While it exists, the kernel reports the direct system calls of this thread.
struct Dispatch {
    stack: Box<[u8]>,
    stack_before: libc::stack_t,
}

impl Dispatch {
    fn begin() -> Result<Self, &'static str> {
        install_handler()?;
        let text = system::text_of_the_c_library().ok_or("the C library has no text segment")?;
        let mut stack = vec![0_u8; STACK_BYTES].into_boxed_slice();
        // SAFETY: All zeroes is a valid `stack_t`. The memory lives until the drop removes it.
        let stack_before = unsafe {
            let mut ours: libc::stack_t = mem::zeroed();
            let mut before: libc::stack_t = mem::zeroed();
            ours.ss_sp = stack.as_mut_ptr().cast();
            ours.ss_size = stack.len();
            if libc::sigaltstack(&ours, &mut before) != 0 {
                return Err("the thread is on its alternate stack");
            }
            before
        };
        let dispatch = Self { stack, stack_before };
        // SAFETY: The flag is a thread-local without a destructor. It exists until the drop has
        // ended the dispatch.
        let result = unsafe {
            libc::prctl(SET_DISPATCH, ON as usize, text.start, text.len(), step::watched_flag())
        };
        match result {
            0 => Ok(dispatch),
            _ => Err("the kernel does not offer Syscall User Dispatch, which needs Linux 5.11"),
        }
    }
}

impl Drop for Dispatch {
    fn drop(&mut self) {
        // SAFETY: Zero arguments are what the kernel requires. All zeroes is a valid `stack_t`. The
        // stack before ours is put back only where ours still is the present one.
        unsafe {
            libc::prctl(SET_DISPATCH, OFF as usize, 0_usize, 0_usize, 0_usize);
            let mut present: libc::stack_t = mem::zeroed();
            libc::sigaltstack(ptr::null(), &mut present);
            if present.ss_sp.addr() == self.stack.as_ptr().addr() {
                libc::sigaltstack(&self.stack_before, ptr::null_mut());
            }
        }
    }
}

fn install_handler() -> Result<(), &'static str> {
    static INSTALLED: OnceLock<Result<(), &'static str>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        // SAFETY: All zeroes is a valid `sigaction`. The calls read and write only these two. The
        // handler has the signature that `SA_SIGINFO` requires.
        unsafe {
            let mut present: libc::sigaction = mem::zeroed();
            libc::sigaction(libc::SIGSYS, ptr::null(), &mut present);
            if present.sa_sigaction != libc::SIG_DFL {
                return Err("another handler for SIGSYS is installed");
            }
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_direct_call;
            let mut ours: libc::sigaction = mem::zeroed();
            ours.sa_sigaction = handler as usize;
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
            libc::sigaction(libc::SIGSYS, &ours, ptr::null_mut());
        }
        Ok(())
    })
}

/// The handler of SIGSYS.
extern "C" fn on_direct_call(_: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: The kernel passes valid pointers. Nothing else refers to the registers meanwhile.
    let (code, registers) = unsafe {
        let context = &mut *context.cast::<ucontext_t>();
        ((*info).si_code, &mut context.uc_mcontext.gregs)
    };
    if code != IS_DISPATCH {
        return end_as_without_handler();
    }
    let unwatched = step::suspend_watch();
    let number = registers[libc::REG_RAX as usize];
    if changes_the_context(number) {
        // The interrupted code makes the call again, and its step is not watched any further.
        registers[libc::REG_RIP as usize] -= SYSCALL_BYTES;
        mem::forget(unwatched);
        return;
    }
    let arguments =
        [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10, libc::REG_R8, libc::REG_R9]
            .map(|register| registers[register as usize]);
    registers[libc::REG_RAX as usize] = carry_out(number, arguments);
    drop(unwatched);
}

/// Makes a system call, and notes it if it can block.
fn carry_out(number: c_long, arguments: [c_long; 6]) -> c_long {
    let pointers = arguments.map(|it| ptr::with_exposed_provenance_mut(it as usize));
    // SAFETY: The interrupted code makes this call.
    let real = || unsafe { system::system_call(number, arguments) };
    match system_call::symbol(number).and_then(list::hook_named) {
        Some(hook) => step::direct_call(hook, || system_call::waits_for(number, pointers), real),
        None => real(),
    }
}

/// The length of the instruction that makes a system call.
const SYSCALL_BYTES: i64 = 2;

/// Returns whether a system call depends on the stack, the signals or the thread of its caller, so
/// that a signal handler cannot make it for the caller. None of them blocks.
fn changes_the_context(number: c_long) -> bool {
    matches!(
        number,
        libc::SYS_clone
            | libc::SYS_clone3
            | libc::SYS_fork
            | libc::SYS_vfork
            | libc::SYS_execve
            | libc::SYS_execveat
            | libc::SYS_exit
            | libc::SYS_exit_group
            | libc::SYS_rt_sigreturn
            | libc::SYS_rt_sigprocmask
            | libc::SYS_sigaltstack
    )
}

/// A filter of system calls sent the signal, or another process. It has the effect that it has
/// without our handler.
#[cold]
fn end_as_without_handler() {
    // SAFETY: All zeroes is the default action. The signal is pending until this handler returns.
    unsafe {
        let default: libc::sigaction = mem::zeroed();
        libc::sigaction(libc::SIGSYS, &default, ptr::null_mut());
        libc::raise(libc::SIGSYS);
    }
}
