//! The reports and the check, in every style.

mod items;
mod reports;
mod allowed;
mod faults;
mod direct;

use std::{
    fs,
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use quadrivium::{prelude::*, task::BoxTask};
use quadrivium_hooks::must_not_block;

/// The styles, and a task in each that makes a call. The call is not the last act of its function,
/// so the function has a frame in optimised builds, too.
fn in_each_style(call: fn()) -> [(&'static str, BoxTask<()>); 4] {
    let call = move || {
        call();
        black_box(());
    };
    let in_callback = callback(move |cb| {
        call();
        cb.done(())
    });
    let in_generator = generator(move |_co| async move { call() });
    [
        ("callback", Box::pin(in_callback)),
        ("generator", Box::pin(in_generator)),
        ("future", Box::pin(future(async move { call() }))),
        ("green", Box::pin(green(call))),
    ]
}

/// Returns the number of this OS thread.
fn this_thread() -> libc::pid_t {
    // SAFETY: It takes no argument.
    unsafe { libc::gettid() }
}

/// Waits until another OS thread waits in the kernel.
fn until_it_waits(thread: libc::pid_t) {
    let state = format!("/proc/self/task/{thread}/stat");
    while !fs::read_to_string(&state).unwrap().contains(") S ") {
        thread::sleep(Duration::from_millis(1));
    }
}

/// The line of [`check`] that spawns a task.
static SPAWN_LINE: AtomicU32 = AtomicU32::new(0);

/// Returns the place where [`check`] spawns a task.
fn spawn_place() -> String {
    format!("tests/blocking/main.rs:{}:30", SPAWN_LINE.load(Ordering::Relaxed))
}

/// Runs a task that must not block, and returns the message of the check.
fn check(task: impl Task<Output = ()> + 'static) -> Result<(), String> {
    let mut event_loop = EventLoop::new().unwrap();
    SPAWN_LINE.store(line!() + 1, Ordering::Relaxed);
    let checked = event_loop.spawn_named("checked", must_not_block(task));
    event_loop.block_on(checked).unwrap().map_err(|error| error.to_string())
}

/// Asserts the reports of a call in every style, apart from their lines for the task.
#[track_caller]
fn assert_reports(call: fn(), expected: &[(&str, &str)]) {
    for (style, task) in in_each_style(call) {
        let message = check(task).expect_err(style);
        let mut reports = Vec::new();
        for line in message.lines().skip(1) {
            if let Some(instead) = line.strip_prefix("  instead: ") {
                reports.push((reports_call(&message, reports.len()), instead));
            }
        }
        assert_eq!(reports, expected, "{style}: {message}");
        let styles = message.matches(&format!(", style {style}\n")).count();
        assert_eq!(styles, expected.len(), "{message}");
        let lines = message.matches("  at tests/blocking/").count();
        assert!(lines >= expected.len(), "each report has a line of the test: {message}");
    }
}

/// Returns the first line of a report.
fn reports_call(message: &str, number: usize) -> &str {
    let is_first = |line: &&str| !line.starts_with("  ");
    message.lines().skip(1).filter(is_first).nth(number).unwrap_or_default()
}
