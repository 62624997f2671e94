//! Prints the seed or the choices of a run in which the process ends.
//!
//! A run that fails unwinds, and its seed is printed after that. A panic in a destructor that runs
//! because of another panic does not unwind: it ends the process. So do a panic in a function that
//! cannot unwind, and every panic of a program that is built with `panic = "abort"`. The standard
//! library calls the panic hook for such a panic before it ends the process.

use std::{
    cell::RefCell,
    env,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    sync::Once,
    thread,
};

use quadrivium_core::crash_note::{self, NoteGuard};

use crate::{choices::Choices, failure::test_filter};

/// The environment variable that makes each seed be printed before it is run.
const TELL_SEEDS: &str = "QUADRIVIUM_TELL_SEEDS";

/// The beginnings of the standard library's messages for panics that do not unwind.
const DOES_NOT_UNWIND: [&str; 3] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
    "unsafe precondition(s) violated",
];

thread_local! {
    /// The last panic on this thread that could unwind. The test harness captures its message, and
    /// loses it when the process ends.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Begins a run. If a panic or a stack overflow ends the process before the guard is dropped, the
/// seed or the choices of this run are printed.
pub(crate) fn begin(choices: &Choices) -> NoteGuard {
    install_once();
    LAST_PANIC.take();
    if env::var_os(TELL_SEEDS).is_some() {
        print_past_harness(format!("quadrivium: a simulation begins, {choices}\n").as_bytes());
    }
    let how_to_repeat = match choices {
        Choices::Seed(seed, ..) => {
            format!("To run it alone: QUADRIVIUM_SEED={seed} cargo test{}.", test_filter())
        }
        Choices::Path(path) => format!(
            "For its trace: Simulation::replay_order(\"{}\", program), with the same order.",
            path.planned()
        ),
    };
    crash_note::enter(&format!(
        "quadrivium: the process ends in a simulation, {choices}\n  {how_to_repeat}\n"
    ))
}

/// Installs our panic hook, on the first call. It calls the hook that was there before, and then
/// [`print_if_process_ends`]. A thread that is unwinding may not install a hook, so it leaves this
/// to the next run.
fn install_once() {
    static INSTALLED: Once = Once::new();
    if thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            print_if_process_ends(info);
        }));
    });
}

/// Prints which run it was, if this panic ends the process. Otherwise it only notes the panic.
fn print_if_process_ends(info: &PanicHookInfo<'_>) {
    let mut text = crash_note::text();
    if text.is_empty() {
        return;
    }
    if !ends_the_process(info) {
        // The thread may be ending, and then its thread-locals may be gone.
        let _ = LAST_PANIC.try_with(|last| *last.borrow_mut() = info.to_string());
        return;
    }
    let _ = LAST_PANIC.try_with(|last| {
        let last = last.borrow();
        if !last.is_empty() {
            text += &format!("  Before that, the thread {last}\n");
        }
    });
    print_past_harness(text.as_bytes());
}

fn ends_the_process(info: &PanicHookInfo<'_>) -> bool {
    let message = info.payload_as_str().unwrap_or_default();
    cfg!(panic = "abort") || DOES_NOT_UNWIND.iter().any(|begins| message.starts_with(begins))
}

/// Prints to the standard error of the process. The test harness captures only `print!`, `eprint!`
/// and panic messages.
fn print_past_harness(text: &[u8]) {
    // There is no other place to report an error.
    let _ = io::stderr().write_all(text);
}
