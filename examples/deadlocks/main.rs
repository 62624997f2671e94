//! `deadlocks`: programs that come to a standstill, and how the loop explains
//! them.
//!
//! New idea: the report of a deadlock. It shows for each task what it waits
//! for, on which line, and which task could end the wait. `docs/tasks.md` shows
//! the reports.
//!
//! `cargo run --example deadlocks -- philosophers green` returns the deadlock
//! from `main`. With a third word, `beside`, another task goes on meanwhile, so
//! there is no deadlock. Then the program prints `EventLoop::tasks`.

use std::{cell::RefCell, rc::Rc, time::Duration};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, channel},
    task::BoxTask,
    time::every,
};

mod callback;
mod future;
mod generator;
mod green;
// A release build prints less: it has no reporter unless the program sets one.
#[cfg(all(test, debug_assertions))]
mod tests;

/// A handle that a task finds when it needs it.
type Handle = Rc<RefCell<Option<JoinHandle<()>>>>;

/// The tasks of one style.
#[derive(Clone, Copy)]
struct TasksOfStyle {
    /// Takes both forks, eats, and puts them back.
    philosopher: fn(Mutex<()>, Mutex<()>) -> BoxTask<()>,
    /// Waits for the end of another task.
    joins: fn(Handle) -> BoxTask<()>,
    /// Sends a value. Then it keeps the sender, and waits for the end of
    /// another task.
    keeps: fn(channel::Sender<()>, Handle) -> BoxTask<()>,
    /// Receives values until the channel is closed.
    receives: fn(channel::Receiver<()>) -> BoxTask<()>,
    /// Has a lock for one second.
    works: fn(Mutex<()>) -> BoxTask<()>,
    /// Waits for a lock, gives up, and forgets to leave the queue. Then it
    /// waits for the lock again.
    keeps_its_place: fn(Mutex<()>) -> BoxTask<()>,
    /// Waits until it is notified.
    is_notified: fn(Notify) -> BoxTask<()>,
    /// Awaits a future of another crate, which keeps no waker.
    awaits: fn() -> BoxTask<()>,
}

macro_rules! tasks {
    ($style:ident) => {
        TasksOfStyle {
            philosopher: |left, right| {
                Box::pin($style::philosopher(left, right))
            },
            joins: |handle| Box::pin($style::joins(handle)),
            keeps: |sender, handle| Box::pin($style::keeps(sender, handle)),
            receives: |receiver| Box::pin($style::receives(receiver)),
            works: |lock| Box::pin($style::works(lock)),
            keeps_its_place: |lock| Box::pin($style::keeps_its_place(lock)),
            is_notified: |notify| Box::pin($style::is_notified(notify)),
            awaits: || Box::pin($style::awaits()),
        }
    };
}

const STYLES: [(&str, TasksOfStyle); 4] = [
    ("callback", tasks!(callback)),
    ("generator", tasks!(generator)),
    ("future", tasks!(future)),
    ("green", tasks!(green)),
];

/// A program: it spawns tasks. The first task is in the first style, the next
/// one in the next style, and so on.
type Program = fn(&EventLoop, [TasksOfStyle; 4]);

const PROGRAMS: [(&str, Program); 7] = [
    ("philosophers", philosophers),
    ("self-join", self_join),
    ("join-cycle", join_cycle),
    ("recv", recv),
    ("futurelock", futurelock),
    ("forgotten-wake", forgotten_wake),
    ("foreign-future", foreign_future),
];

/// Each philosopher takes the fork on the left first.
fn philosophers(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let forks =
        ["fork 1", "fork 2", "fork 3"].map(|name| Mutex::new(()).named(name));
    for (i, name) in ["Plato", "Kant", "Hume"].into_iter().enumerate() {
        let (left, right) = (forks[i].clone(), forks[(i + 1) % 3].clone());
        let philosopher = (styles[i].philosopher)(left, right);
        drop(event_loop.spawn_named(name, philosopher));
    }
}

/// A task waits for its own end.
fn self_join(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let own = Handle::default();
    let task = event_loop.spawn((styles[0].joins)(Rc::clone(&own)));
    *own.borrow_mut() = Some(task);
}

/// Two tasks wait for the end of each other, and a third for one of them.
fn join_cycle(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let handles = [(); 3].map(|()| Handle::default());
    for (i, name) in ["first", "second", "third"].into_iter().enumerate() {
        let joined = Rc::clone(&handles[(i + 1) % 2]);
        let task = event_loop.spawn_named(name, (styles[i].joins)(joined));
        *handles[i].borrow_mut() = Some(task);
    }
}

/// A task waits for a second value, and no task sends one. Another task keeps
/// the sender, and waits for the first one.
fn recv(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let (sender, receiver) = channel::unbounded();
    let receives = (styles[0].receives)(receiver.named("jobs"));
    let first = event_loop.spawn_named("worker", receives);
    let first = Rc::new(RefCell::new(Some(first)));
    let joins = (styles[1].keeps)(sender, first);
    drop(event_loop.spawn_named("owner", joins));
}

/// A task has a place in the queue of a lock, in a task that it does not
/// perform any more. So the lock is free, and no task gets it.
fn futurelock(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let lock = Mutex::new(()).named("database");
    let works = (styles[0].works)(lock.clone());
    drop(event_loop.spawn_named("works", works));
    let keeps = (styles[1].keeps_its_place)(lock);
    drop(event_loop.spawn_named("keeps its place", keeps));
}

/// Four tasks wait for a notification that no task sends.
fn forgotten_wake(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    let notify = Notify::new();
    for style in styles {
        drop(event_loop.spawn((style.is_notified)(notify.clone())));
    }
}

/// A task awaits a future that no code wakes.
fn foreign_future(event_loop: &EventLoop, styles: [TasksOfStyle; 4]) {
    drop(event_loop.spawn((styles[0].awaits)()));
}

/// Spawns the tasks of the program that is named on the command line.
fn spawn_all(event_loop: &EventLoop, program: &str, style: &str) {
    let (_, program) =
        PROGRAMS.into_iter().find(|(name, _)| *name == program).expect(USAGE);
    let start = STYLES.iter().position(|(name, _)| *name == style);
    let styles = match (style, start) {
        ("mixed", _) => STYLES.map(|(_, tasks)| tasks),
        (_, Some(index)) => [STYLES[index].1; 4],
        (_, None) => panic!("{USAGE}"),
    };
    program(event_loop, styles);
}

const USAGE: &str = "the arguments are: a program (philosophers, self-join, \
                     join-cycle, recv, futurelock, forgotten-wake or \
                     foreign-future), a style or `mixed`, and perhaps `beside`";

fn main() -> Result<(), RunError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run("philosophers", "mixed"),
        [program, style] => run(program, style),
        [program, style, "beside"] => {
            println!("{}", beside_a_heartbeat(program, style));
            Ok(())
        }
        _ => panic!("{USAGE}"),
    }
}

fn run(program: &str, style: &str) -> Result<(), RunError> {
    let mut event_loop = EventLoop::with_virtual_clock().expect(LOOP);
    event_loop.watch();
    spawn_all(&event_loop, program, style);
    event_loop.run()
}

/// Runs the program beside a task that goes on for ever. Returns what the tasks
/// do after a while.
fn beside_a_heartbeat(program: &str, style: &str) -> String {
    let mut event_loop = EventLoop::with_virtual_clock().expect(LOOP);
    event_loop.watch();
    spawn_all(&event_loop, program, style);
    let heartbeat = quadrivium::future::future(async {
        let beats = every(Duration::from_secs(1));
        loop {
            beats.tick().await;
        }
    });
    drop(event_loop.spawn_named("heartbeat", heartbeat));
    let while_passes = sleep(Duration::from_millis(2_500));
    event_loop.block_on(while_passes).expect("the sleep ends");
    event_loop.tasks().to_string()
}

const LOOP: &str = "the OS lets us make a loop";
