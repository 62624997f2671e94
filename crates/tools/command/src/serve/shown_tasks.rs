//! SIGUSR1: prints what the tasks of a server do.

use std::{
    io::{self, Write},
    thread,
    time::Duration,
};

use quadrivium::{event_loop::Report, inspect::LoopInspector};
use signal_hook::{consts::SIGUSR1, iterator::Signals};

/// How long a loop may take to answer.
const LIMIT: Duration = Duration::from_millis(100);

/// From now on, each SIGUSR1 prints the tasks of all loops on standard error. A thread of its own
/// waits for the signal, so that it prints also while a task keeps the thread of its loop. If the
/// operating system refuses the thread, the signal does nothing, and the server goes on.
pub fn show_on_signal() -> io::Result<()> {
    let mut signals = Signals::new([SIGUSR1])?;
    let show = move || signals.forever().for_each(|_| show());
    _ = thread::Builder::new().name("quadrivium-signals".into()).spawn(show);
    Ok(())
}

fn show() {
    let inspectors = LoopInspector::all();
    inspectors.iter().for_each(LoopInspector::ask);
    for inspector in inspectors {
        let (number, thread) = (inspector.number(), inspector.thread().unwrap_or("-"));
        let text = match inspector.tasks(LIMIT) {
            Ok(tasks) => format!("loop {number} on thread {thread:?}\n{tasks}"),
            Err(error) => format!("loop {number} on thread {thread:?}: {error}"),
        };
        let watchdog = inspector.long_step().map(|step| format!("\n{}", Report::LongStep(step)));
        let text = text + &watchdog.unwrap_or_default();
        // If standard error is closed, the table has no reader.
        _ = writeln!(io::stderr(), "{text}");
    }
}
