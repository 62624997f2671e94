//! What is said when the process ends in the middle of a run: which seed, or which choices.
//!
//! A run that fails unwinds, and its seed is told after that. A panic in a destructor that runs
//! because of another panic does not unwind: it ends the process. So do a panic in a function that
//! cannot unwind, and every panic of a program that is built with `panic = "abort"`. The standard
//! library shows such a panic to the panic hook before it ends the process.

use std::{
    cell::RefCell,
    env,
    io::{self, Write},
    panic::{self, PanicHookInfo},
    sync::Once,
    thread,
};

use quadrivium_core::crash_note::{self, NoteGuard};

use crate::{choices::Choices, failure::test};

/// Tells every seed before it is run.
const TELL: &str = "QUADRIVIUM_TELL_SEEDS";

/// How the standard library begins the message of a panic that does not unwind.
const DOES_NOT_UNWIND: [&str; 3] = [
    "panic in a destructor during cleanup",
    "panic in a function that cannot unwind",
    "unsafe precondition(s) violated",
];

thread_local! {
    /// The last panic on this thread that could unwind. The test harness keeps its message back,
    /// and loses it when the process ends.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Begins a run: until the guard is dropped, the process does not end without saying which run it
/// was.
pub(crate) fn tell(choices: &Choices) -> NoteGuard {
    install_once();
    LAST.take();
    if env::var_os(TELL).is_some() {
        say(format!("quadrivium: a simulation begins, {choices}\n").as_bytes());
    }
    let how = match choices {
        Choices::Seed(seed, _) => {
            format!("To run it alone: QUADRIVIUM_SEED={seed} cargo test{}.", test())
        }
        Choices::Path(path) => format!(
            "For its trace: Simulation::replay_order(\"{}\", program), with the same order.",
            path.planned()
        ),
    };
    crash_note::enter(&format!(
        "quadrivium: the process ends in a simulation, {choices}\n  {how}\n"
    ))
}

/// Puts our hook before the present one, the first time it is called. A thread that is unwinding
/// may not, and leaves it to the next run.
fn install_once() {
    static INSTALLED: Once = Once::new();
    if thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            look_at(info);
        }));
    });
}

/// Says which run it was, if this panic ends the process. One that is caught is no affair of ours.
fn look_at(info: &PanicHookInfo<'_>) {
    let mut text = crash_note::text();
    if text.is_empty() {
        return;
    }
    if !ends_the_process(info) {
        // The thread may be ending, and its values may be gone.
        let _ = LAST.try_with(|last| *last.borrow_mut() = info.to_string());
        return;
    }
    let _ = LAST.try_with(|last| {
        let last = last.borrow();
        if !last.is_empty() {
            text += &format!("  Before that, the thread {last}\n");
        }
    });
    say(text.as_bytes());
}

fn ends_the_process(info: &PanicHookInfo<'_>) -> bool {
    let message = info.payload_as_str().unwrap_or_default();
    cfg!(panic = "abort") || DOES_NOT_UNWIND.iter().any(|begins| message.starts_with(begins))
}

/// Past the test harness, which keeps back what a test prints.
fn say(text: &[u8]) {
    // Nobody is left to hear of a failure.
    let _ = io::stderr().write_all(text);
}
