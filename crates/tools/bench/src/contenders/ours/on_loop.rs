//! Runs the tasks of a measurement on our event loop. The styles differ only in the tasks.

use std::{
    cell::Cell,
    future::poll_fn,
    mem,
    pin::Pin,
    rc::Rc,
    task::Poll,
    time::{Duration, Instant},
};

use quadrivium::{
    prelude::*,
    sync::oneshot,
    task::{Context, Step, Wait},
};
use quadrivium_bench_protocol::{Counter, OnceEvent, Sleeper};

/// The cell through which a task asks another one for a value.
pub(super) type Question = Rc<Cell<Option<oneshot::Sender<u64>>>>;

/// A leaf that is never done, as [`pending`](std::future::pending) is for the peers.
pub(super) struct Never;

impl Task for Never {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// A timeout that does not expire.
pub(super) const LONG: Duration = Duration::from_secs(3_600);

/// The number of tasks that contend for a lock or hear a message.
const CROWD: u64 = 10;

pub(super) fn event_loop() -> EventLoop {
    EventLoop::new().expect("the OS allows an event loop")
}

/// Runs a task, and returns its output.
pub(super) fn output<T>(task: impl Task<Output = T> + 'static) -> T
where
    T: 'static,
{
    event_loop().block_on(task).expect("the task ends")
}

/// Runs a task beside another one, and returns the output of the first.
pub(super) fn output_beside(
    task: impl Task<Output = Duration> + 'static,
    other: impl Task<Output = ()> + 'static,
) -> Duration {
    let mut event_loop = event_loop();
    drop(event_loop.spawn(other));
    event_loop.block_on(task).expect("both tasks end")
}

pub(super) fn turn<T>(counters: Vec<Counter>, takes_turns: impl Fn(Counter) -> T)
where
    T: Task<Output = ()> + 'static,
{
    let mut event_loop = event_loop();
    for counter in counters {
        drop(event_loop.spawn(takes_turns(counter)));
    }
    event_loop.run().expect("every task counts to its end");
}

/// One task in the future style joins the tasks of every style.
pub(super) fn spawn<T>(n: usize, times: u64, adds: impl Fn(u64) -> T + 'static) -> Duration
where
    T: Task<Output = u64> + 'static,
{
    output(future(async move {
        let mut handles = Vec::with_capacity(n);
        let start = Instant::now();
        for _ in 0..times {
            handles.extend((0..n).map(|_| quadrivium::spawn(adds(0))));
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += handle.await.expect("no task is cancelled");
            }
            assert_eq!(sum, n as u64, "each task returns 1, and every task is joined");
        }
        start.elapsed()
    }))
}

/// Spawns the tasks and joins them all.
pub(super) fn time_of<T>(tasks: impl IntoIterator<Item = T> + 'static) -> Duration
where
    T: Task<Output = ()> + 'static,
{
    output(future(async move {
        let start = Instant::now();
        join_in_order(tasks).await;
        start.elapsed()
    }))
}

/// Spawns a crowd of tasks that share the work.
pub(super) fn time_of_crowd<T>(times: u64, task: impl Fn(u64) -> T + 'static) -> Duration
where
    T: Task<Output = ()> + 'static,
{
    time_of((0..CROWD).map(move |_| task(times / CROWD)))
}

/// Makes the tasks of a crowd of receivers.
pub(super) fn crowd<T>(task: impl Fn() -> T) -> Vec<T> {
    (0..CROWD).map(|_| task()).collect()
}

/// Spawns the receivers, then the sender, and joins them all.
pub(super) fn time_of_sender<T>(
    sender: impl Task<Output = ()> + 'static,
    receivers: Vec<T>,
) -> Duration
where
    T: Task<Output = ()> + 'static,
{
    output(future(async move {
        let start = Instant::now();
        let receivers: Vec<_> = receivers.into_iter().map(quadrivium::spawn).collect();
        let sender = quadrivium::spawn(sender);
        for receiver in receivers {
            receiver.await.expect("no task is cancelled");
        }
        sender.await.expect("no task is cancelled");
        start.elapsed()
    }))
}

/// Spawns two tasks and joins both.
pub(super) fn time_of_pair(
    one: impl Task<Output = ()> + 'static,
    other: impl Task<Output = ()> + 'static,
) -> Duration {
    time_of_sender(other, vec![one])
}

pub(super) fn timers<T>(sleepers: Vec<Sleeper>, sleeps: impl Fn(Sleeper) -> T + 'static)
where
    T: Task<Output = ()> + 'static,
{
    output(future(async move { join_in_order(sleepers.into_iter().map(sleeps)).await }));
}

async fn join_in_order<T>(tasks: impl IntoIterator<Item = T>)
where
    T: Task<Output = ()> + 'static,
{
    let handles: Vec<_> = tasks.into_iter().map(quadrivium::spawn).collect();
    for handle in handles {
        handle.await.expect("no task is cancelled");
    }
}

/// Arms each timer in the way that a combinator does: it polls the leaf once, and drops it later.
pub(super) fn timer_cancel(durations: &[Duration], times: u64) -> Duration {
    let durations = durations.to_vec();
    output(future(async move {
        let start = Instant::now();
        for _ in 0..times {
            let mut sleeps = Vec::with_capacity(durations.len());
            for &duration in &durations {
                let mut sleep = Box::pin(sleep(duration).into_future());
                poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_pending())).await;
                sleeps.push(sleep);
            }
        }
        start.elapsed()
    }))
}

pub(super) fn memory<T>(n: usize, suspends: impl Fn() -> T)
where
    T: Task<Output = u64> + 'static,
{
    let mut event_loop = event_loop();
    let mut handles = Vec::with_capacity(n);
    for _ in 0..n {
        handles.push(event_loop.spawn(suspends()));
    }
    event_loop.turn().expect("this thread runs no other loop");
    // The process ends after this. Dropping a million tasks would take longer than the measurement.
    mem::forget((event_loop, handles));
}

/// Makes an event for each part of a join or a race.
pub(super) fn events(n: usize) -> Rc<[OnceEvent]> {
    (0..n).map(|_| OnceEvent::default()).collect()
}

/// Spawns a task that fires the events in order, and takes a turn after each.
pub(super) fn fire_one_by_one(events: &Rc<[OnceEvent]>) {
    let events = Rc::clone(events);
    drop(quadrivium::spawn(future(async move {
        for event in &*events {
            event.fire();
            quadrivium::time::turn().await;
        }
    })));
}

/// Spawns a task that fires the event in the middle.
pub(super) fn fire_the_middle(events: &Rc<[OnceEvent]>) {
    let event = events[events.len() / 2].clone();
    drop(quadrivium::spawn(future(async move { event.fire() })));
}
