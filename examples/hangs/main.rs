//! `hangs`: nine programs that do nothing any more, and how each says what is
//! wrong.
//!
//! New ideas: the watchdog, which reports the task that occupies the loop, and
//! the reports of a loop. `docs/hangs.md` shows what each program prints, and
//! how it is repaired.
//!
//! `cargo run --example hangs -- sleep green` runs one of them.

use std::{hint, sync, time::Duration};

use quadrivium::{
    event_loop::Report,
    prelude::*,
    sync::{Mutex, Notify, Semaphore, channel},
    task::BoxTask,
    time::every,
};

mod callback;
mod future;
mod generator;
mod green;
// A release build has other stacks in its reports.
#[cfg(all(test, debug_assertions, target_os = "linux"))]
mod tests;

/// The tasks of one style.
#[derive(Clone, Copy)]
struct TasksOfStyle {
    /// Blocks the thread for three seconds.
    sleeps: fn() -> BoxTask<()>,
    /// Computes, and never ends.
    computes: fn() -> BoxTask<()>,
    /// Takes two locks of the standard library.
    takes_std_locks: fn(StdLock, StdLock) -> BoxTask<()>,
    /// Takes two locks.
    takes_locks: fn(Mutex<()>, Mutex<()>) -> BoxTask<()>,
    /// Receives values until the channel is closed.
    receives: fn(channel::Receiver<()>) -> BoxTask<()>,
    /// Tries to receive a value, again and again.
    tries_to_receive: fn(channel::Receiver<()>) -> BoxTask<()>,
    /// Panics.
    panics: fn() -> BoxTask<()>,
    /// Takes a permit, and waits for an answer.
    queries: fn(Semaphore, Notify) -> BoxTask<()>,
}

type StdLock = &'static sync::Mutex<()>;

macro_rules! tasks {
    ($style:ident) => {
        TasksOfStyle {
            sleeps: || Box::pin($style::sleeps()),
            computes: || Box::pin($style::computes()),
            takes_std_locks: |first, second| {
                Box::pin($style::takes_std_locks(first, second))
            },
            takes_locks: |first, second| {
                Box::pin($style::takes_locks(first, second))
            },
            receives: |receiver| Box::pin($style::receives(receiver)),
            tries_to_receive: |receiver| {
                Box::pin($style::tries_to_receive(receiver))
            },
            panics: || Box::pin($style::panics()),
            queries: |permits, answer| {
                Box::pin($style::queries(permits, answer))
            },
        }
    };
}

const STYLES: [(&str, TasksOfStyle); 4] = [
    ("callback", tasks!(callback)),
    ("generator", tasks!(generator)),
    ("future", tasks!(future)),
    ("green", tasks!(green)),
];

/// A program spawns tasks.
struct Program {
    name: &'static str,
    spawn: fn(&EventLoop, TasksOfStyle),
    shows: Shows,
}

/// Where a program says what is wrong.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    /// The loop reports it while another task goes on.
    Reports,
    /// It is in the table of the tasks, while another task goes on.
    Table,
    /// It is the error that the run returns.
    Error,
}

const PROGRAMS: [Program; 9] = [
    Program { name: "sleep", spawn: sleep_of_std, shows: Shows::Reports },
    Program { name: "computation", spawn: computation, shows: Shows::Reports },
    Program { name: "std-locks", spawn: std_locks, shows: Shows::Reports },
    Program { name: "locks", spawn: locks, shows: Shows::Reports },
    Program { name: "recv", spawn: recv, shows: Shows::Table },
    Program { name: "try-recv", spawn: try_recv, shows: Shows::Reports },
    Program { name: "panic", spawn: unread_panic, shows: Shows::Reports },
    Program { name: "deadlock", spawn: recv, shows: Shows::Error },
    Program { name: "permit", spawn: permit, shows: Shows::Table },
];

fn sleep_of_std(event_loop: &EventLoop, style: TasksOfStyle) {
    drop(event_loop.spawn_named("sleeper", (style.sleeps)()));
}

fn computation(event_loop: &EventLoop, style: TasksOfStyle) {
    drop(event_loop.spawn_named("computer", (style.computes)()));
}

/// Returns the number of steps of a sequence until it reaches 1. It never does
/// if it begins with 0.
fn steps_to_one(mut n: u64) -> u64 {
    let mut steps = 0;
    while hint::black_box(n) != 1 {
        n = if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

/// The locks are taken in opposite order.
fn std_locks(event_loop: &EventLoop, style: TasksOfStyle) {
    static FIRST: sync::Mutex<()> = sync::Mutex::new(());
    static SECOND: sync::Mutex<()> = sync::Mutex::new(());
    let (one, other) = (style.takes_std_locks, style.takes_std_locks);
    drop(event_loop.spawn_named("one", one(&FIRST, &SECOND)));
    drop(event_loop.spawn_named("other", other(&SECOND, &FIRST)));
}

/// The same with locks that suspend the task.
fn locks(event_loop: &EventLoop, style: TasksOfStyle) {
    let first = Mutex::new(()).named("accounts");
    let second = Mutex::new(()).named("journal");
    let one = (style.takes_locks)(first.clone(), second.clone());
    drop(event_loop.spawn_named("one", one));
    let other = (style.takes_locks)(second, first);
    drop(event_loop.spawn_named("other", other));
}

/// The sender is forgotten, so the channel is never closed.
fn recv(event_loop: &EventLoop, style: TasksOfStyle) {
    let (sender, receiver) = channel::unbounded();
    let receives = (style.receives)(receiver.named("jobs"));
    drop(event_loop.spawn_named("worker", receives));
    std::mem::forget(sender);
}

/// While the task tries, the task that would send does not run.
fn try_recv(event_loop: &EventLoop, style: TasksOfStyle) {
    let (sender, receiver) = channel::unbounded();
    let tries = (style.tries_to_receive)(receiver);
    drop(event_loop.spawn_named("impatient", tries));
    let sends = quadrivium::future::future(async move {
        _ = sender.send(()).await;
    });
    drop(event_loop.spawn_named("sender", sends));
}

fn unread_panic(event_loop: &EventLoop, style: TasksOfStyle) {
    drop(event_loop.spawn_named("worker", (style.panics)()));
}

/// A thousand handlers need the one connection to the database. One of them has
/// it, and waits for an answer that does not come.
fn permit(event_loop: &EventLoop, style: TasksOfStyle) {
    let (permits, answer) =
        (Semaphore::new(1).named("database"), Notify::new());
    for _ in 0..1_000 {
        let queries = (style.queries)(permits.clone(), answer.clone());
        drop(event_loop.spawn_named("handler", queries));
    }
}

fn main() -> Result<(), RunError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (program, style) = match &arguments[..] {
        [] => ("sleep", "green"),
        [program, style] => (program.as_str(), style.as_str()),
        _ => panic!("{USAGE}"),
    };
    run(program, style, |report| eprintln!("quadrivium: {report}"))
}

const USAGE: &str = "the arguments are a program (sleep, computation, \
                     std-locks, locks, recv, try-recv, panic, deadlock or \
                     permit) and a style";

/// A task that takes longer without a suspension is reported.
const LIMIT: Duration = Duration::from_millis(100);

/// Runs a program, and prints the table of its tasks if that says what is
/// wrong.
fn run(
    program: &str,
    style: &str,
    reporter: impl Fn(&Report) + Send + Sync + 'static,
) -> Result<(), RunError> {
    let program = PROGRAMS.iter().find(|it| it.name == program).expect(USAGE);
    let (_, style) =
        STYLES.into_iter().find(|(name, _)| *name == style).expect(USAGE);
    let mut event_loop = EventLoop::with_virtual_clock().expect(LOOP);
    event_loop.reporter(reporter);
    event_loop.watchdog(LIMIT).expect(LOOP);
    (program.spawn)(&event_loop, style);
    if program.shows == Shows::Error {
        return event_loop.run();
    }
    let heartbeat = quadrivium::future::future(async {
        let beats = every(Duration::from_secs(1));
        loop {
            beats.tick().await;
        }
    });
    drop(event_loop.spawn_named("heartbeat", heartbeat));
    event_loop.block_on(sleep(Duration::from_millis(2_500)))?;
    if program.shows == Shows::Table {
        println!("{}", event_loop.tasks());
    }
    Ok(())
}

const LOOP: &str = "the OS lets us make a loop and a thread";
