//! Tests of overflows: the message names the green thread. Any other fault has the same effect as
//! before.

use std::{
    hint::black_box,
    os::unix::process::ExitStatusExt,
    panic::Location,
    process::Output,
    ptr,
    rc::Rc,
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use corosensei::Coroutine;
use quadrivium_core::host::{self, Host, HostedTask, Label, TaskKey};

use super::{alone, label};
use crate::stack::{
    Stack,
    overflow::{Occupant, Running, run_as},
};

const MESSAGE: &str = "has overflowed its stack of 64 KiB\n  \
                       remedy: give it a larger one with green::Builder::new().stack_size(bytes), \
                       or all of them with green::use_stack_size(bytes) or QUADRIVIUM_STACK_SIZE\n";

/// The start of each message: the line in this file that made the green thread.
const HERE: &str =
    "quadrivium: the green thread made at crates/styles/green/src/stack/tests/overflow.rs:";

/// A host that runs one task.
struct HostOfOne {
    label: Label,
}

impl Host for HostOfOne {
    fn now(&self) -> Instant {
        panic!("the tests of overflows have no clock")
    }

    fn block_for(&self, _: Duration) {
        panic!("the tests of overflows have no clock")
    }

    fn label(&self) -> Option<Label> {
        Some(self.label.clone())
    }

    fn spawn(&self, _: HostedTask, _: Option<&str>, _: &'static Location<'static>) -> TaskKey {
        panic!("the tests of overflows spawn no task")
    }
}

/// Runs `body` on the stack of a green thread, in a task of this name, to its first suspension.
#[track_caller]
fn run(name: Option<&str>, body: impl FnOnce() + 'static) {
    let stack = Stack::take(0).expect("there is memory");
    let _entered = host::enter(Rc::new(HostOfOne { label: label(name) }));
    let occupant = Occupant::new(Location::caller(), stack.usable());
    let mut coroutine = Coroutine::<(), (), (), Stack>::with_stack(stack, |_, ()| body());
    let running = Running { occupant: &occupant, waker: Waker::noop() };
    run_as(&running, || coroutine.resume(()));
}

/// Overflows the stack with many small frames.
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 16]);
    if depth == usize::MAX { 0 } else { recurse(depth + 1) + frame[depth % 16] }
}

/// Overflows the stack with one frame. It skips the guard page unless the compiler probes each
/// page.
#[inline(never)]
fn huge_frame() {
    let mut frame = [0_u8; 8 << 20];
    black_box(&mut frame);
}

#[track_caller]
fn assert_overflow(output: &Output, name: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(HERE), "{stderr}");
    assert!(stderr.contains(&format!(", in task 7{name} (spawned at ")), "{stderr}");
    assert!(stderr.contains(MESSAGE), "{stderr}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
}

#[track_caller]
fn assert_silent_death(output: &Output, signal: libc::c_int) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("overflowed"), "{stderr}");
    assert_eq!(output.status.signal(), Some(signal), "{stderr}");
}

fn null_dereference() {
    // SAFETY: none. The test needs the fault.
    unsafe { black_box(ptr::null::<u8>()).read_volatile() };
}

#[test]
fn an_overflow_by_small_frames_is_reported() {
    let output = alone(module_path!(), "an_overflow_by_small_frames_is_reported", || {
        run(Some("reader"), || _ = black_box(recurse(0)));
    });
    assert_overflow(&output, " \"reader\"");
}

#[test]
fn an_overflow_by_one_huge_frame_is_reported() {
    let output = alone(module_path!(), "an_overflow_by_one_huge_frame_is_reported", || {
        run(None, huge_frame)
    });
    assert_overflow(&output, "");
}

#[test]
fn an_overflow_of_an_inner_green_thread_names_the_inner_one() {
    let output =
        alone(module_path!(), "an_overflow_of_an_inner_green_thread_names_the_inner_one", || {
            run(Some("outer"), || run(Some("inner"), || _ = black_box(recurse(0))));
        });
    assert_overflow(&output, " \"inner\"");
}

#[test]
fn an_overflow_of_an_outer_green_thread_names_the_outer_one() {
    let output =
        alone(module_path!(), "an_overflow_of_an_outer_green_thread_names_the_outer_one", || {
            run(Some("outer"), || {
                run(Some("inner"), || {});
                black_box(recurse(0));
            });
        });
    assert_overflow(&output, " \"outer\"");
}

#[test]
fn an_overflow_after_a_panic_of_an_inner_green_thread_names_the_outer_one() {
    let output = alone(
        module_path!(),
        "an_overflow_after_a_panic_of_an_inner_green_thread_names_the_outer_one",
        || {
            run(Some("outer"), || {
                let caught =
                    std::panic::catch_unwind(|| run(Some("inner"), || panic!("on purpose")));
                assert!(caught.is_err());
                black_box(recurse(0));
            });
        },
    );
    assert_overflow(&output, " \"outer\"");
}

#[test]
fn an_overflow_on_a_thread_that_std_did_not_make_is_reported() {
    extern "C" fn main(_: *mut libc::c_void) -> *mut libc::c_void {
        run(Some("reader"), || _ = black_box(recurse(0)));
        ptr::null_mut()
    }
    let output =
        alone(module_path!(), "an_overflow_on_a_thread_that_std_did_not_make_is_reported", || {
            // SAFETY: the id is written before it is read; the thread is joined.
            unsafe {
                let mut id = std::mem::zeroed();
                assert_eq!(libc::pthread_create(&mut id, ptr::null(), main, ptr::null_mut()), 0);
                libc::pthread_join(id, ptr::null_mut());
            }
        });
    assert_overflow(&output, " \"reader\"");
}

#[test]
fn a_name_too_long_is_cut() {
    let output = alone(module_path!(), "a_name_too_long_is_cut", || {
        run(Some(&"long".repeat(1000)), || _ = black_box(recurse(0)));
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains(", in task 7 \"longlong"), "{stderr}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
}

#[test]
fn an_os_thread_keeps_the_message_of_std() {
    let output = alone(module_path!(), "an_os_thread_keeps_the_message_of_std", || {
        run(None, || {});
        let overflow = thread::Builder::new().name("plain".into());
        let overflow = overflow.spawn(|| black_box(recurse(0))).expect("a thread can start");
        let _ = overflow.join();
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("thread 'plain'"), "{stderr}");
    assert!(stderr.contains("has overflowed its stack"), "{stderr}");
    assert!(!stderr.contains("quadrivium"), "{stderr}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT));
}

#[test]
fn another_fault_kills_as_before() {
    let output = alone(module_path!(), "another_fault_kills_as_before", || {
        run(Some("reader"), null_dereference);
    });
    assert_silent_death(&output, libc::SIGSEGV);
}

#[test]
fn a_signal_sent_kills_as_before() {
    let output = alone(module_path!(), "a_signal_sent_kills_as_before", || {
        run(None, || {});
        // The first signal makes the handler of std remove itself, as it does without our handler.
        // SAFETY: raise takes any signal.
        unsafe { libc::raise(libc::SIGBUS) };
        eprintln!("still here");
        // SAFETY: as above.
        unsafe { libc::raise(libc::SIGBUS) };
    });
    assert!(String::from_utf8_lossy(&output.stderr).contains("still here"));
    assert_silent_death(&output, libc::SIGBUS);
}

/// Installs `handler` for SIGSEGV, as a program may have done before its first green thread.
fn install(handler: usize, flags: libc::c_int) {
    // SAFETY: all zeroes is a valid sigaction, and the handlers below have the right signature.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut());
    }
}

extern "C" fn exit_with_signal(signal: libc::c_int) {
    // SAFETY: _exit takes any number.
    unsafe { libc::_exit(100 + signal) };
}

extern "C" fn exit_with_code(
    _: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: the first handler has passed on the arguments of the kernel.
    unsafe { libc::_exit(if context.is_null() { 1 } else { 50 + (*info).si_code }) };
}

#[test]
fn a_plain_handler_is_still_called() {
    let output = alone(module_path!(), "a_plain_handler_is_still_called", || {
        install(exit_with_signal as extern "C" fn(_) as usize, 0);
        run(None, null_dereference);
    });
    assert_eq!(output.status.code(), Some(100 + libc::SIGSEGV));
}

#[test]
fn a_handler_with_siginfo_is_still_called() {
    let output = alone(module_path!(), "a_handler_with_siginfo_is_still_called", || {
        install(exit_with_code as extern "C" fn(_, _, _) as usize, libc::SA_SIGINFO);
        run(None, null_dereference);
    });
    // SEGV_MAPERR, nothing is mapped at null, is 1.
    assert_eq!(output.status.code(), Some(51));
}

#[test]
fn the_default_still_kills() {
    let output = alone(module_path!(), "the_default_still_kills", || {
        install(libc::SIG_DFL, 0);
        run(None, null_dereference);
    });
    assert_silent_death(&output, libc::SIGSEGV);
}

#[test]
fn ignored_signals_stay_ignored_but_faults_kill() {
    let output = alone(module_path!(), "ignored_signals_stay_ignored_but_faults_kill", || {
        install(libc::SIG_IGN, 0);
        run(None, || {});
        // SAFETY: raise takes any signal.
        unsafe { libc::raise(libc::SIGSEGV) };
        eprintln!("still here");
        null_dereference();
    });
    assert!(String::from_utf8_lossy(&output.stderr).contains("still here"));
    assert_silent_death(&output, libc::SIGSEGV);
}
