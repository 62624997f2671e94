//! Our four styles on our event loop. They differ in the tasks they make, and in nothing else.

use std::{
    future::pending,
    pin::Pin,
    time::{Duration, Instant},
};

use quadrivium::{
    green::perform,
    prelude::*,
    task::{Context, Step, Wait},
};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// Tasks as callbacks.
#[derive(Debug)]
pub(super) struct CallbackStyle;

impl Contender for CallbackStyle {
    fn profile(&self) -> Profile {
        Profile { name: "callback", group: Group::Ours, limit: Some("limit, callback") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        // In a box, as one would keep what is passed on at every callback and is more than a word.
        fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
            match counter.turn() {
                true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
                false => cb.done(()),
            }
        }
        turn_on_our_loop(counters, |counter| callback(|cb| turns(cb, Box::new(counter))));
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| callback(move |cb| cb.done(bump(count))))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            callback(|cb| {
                let count = bump(0);
                memory::suspend_one();
                cb.perform(Never, move |cb, ()| cb.done(bump(count)));
            })
        });
    }
}

/// Tasks as generators.
#[derive(Debug)]
pub(super) struct GeneratorStyle;

impl Contender for GeneratorStyle {
    fn profile(&self) -> Profile {
        Profile { name: "generator", group: Group::Ours, limit: Some("limit, generator") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        turn_on_our_loop(counters, |mut counter| {
            generator(|mut co| async move {
                while counter.turn() {
                    co.perform(turn()).await;
                }
            })
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| generator(move |_| async move { bump(count) }))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            generator(|mut co| async move {
                let count = bump(0);
                memory::suspend_one();
                co.perform(Never).await;
                bump(count)
            })
        });
    }
}

/// Tasks with async and await.
#[derive(Debug)]
pub(super) struct FutureStyle;

impl Contender for FutureStyle {
    fn profile(&self) -> Profile {
        Profile { name: "future", group: Group::Ours, limit: Some("limit, future") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        turn_on_our_loop(counters, |mut counter| {
            future(async move {
                while counter.turn() {
                    turn().await;
                }
            })
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| future(async move { bump(count) }))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            future(async {
                let count = bump(0);
                memory::suspend_one();
                pending::<()>().await;
                bump(count)
            })
        });
    }
}

/// Tasks as green threads.
#[derive(Debug)]
pub(super) struct GreenStyle;

impl Contender for GreenStyle {
    fn profile(&self) -> Profile {
        Profile { name: "green", group: Group::Ours, limit: Some("limit, green") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        turn_on_our_loop(counters, |mut counter| {
            green(move || {
                while counter.turn() {
                    perform(turn());
                }
            })
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        spawn_on_our_loop(tasks, batches, |count| green(move || bump(count)))
    }

    fn hold(&self, tasks: usize) {
        hold_on_our_loop(tasks, || {
            green(|| {
                let count = bump(0);
                memory::suspend_one();
                perform(Never);
                bump(count)
            })
        });
    }
}

pub(super) fn turn_on_our_loop<T>(counters: Vec<Counter>, task: impl Fn(Counter) -> T)
where
    T: Task<Output = ()> + 'static,
{
    let mut event_loop = event_loop();
    for counter in counters {
        drop(event_loop.spawn(task(counter)));
    }
    event_loop.run().expect("every task counts to its end");
}

/// The joins are awaited by one task in the future style, whatever the style of the others.
pub(super) fn spawn_on_our_loop<T>(
    tasks: usize,
    batches: u64,
    task: impl Fn(u64) -> T + 'static,
) -> Duration
where
    T: Task<Output = u64> + 'static,
{
    let batches = future(async move {
        let mut handles = Vec::with_capacity(tasks);
        let start = Instant::now();
        for _ in 0..batches {
            handles.extend((0..tasks).map(|_| spawn(task(0))));
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += handle.await.expect("no task is cancelled");
            }
            expect_joined(sum, tasks);
        }
        start.elapsed()
    });
    event_loop().block_on(batches).expect("the batches come to their end")
}

/// Never done, as [`pending`] is for the peers.
pub(super) struct Never;

impl Task for Never {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

pub(super) fn hold_on_our_loop<T>(tasks: usize, task: impl Fn() -> T)
where
    T: Task<Output = u64> + 'static,
{
    let mut event_loop = event_loop();
    for _ in 0..tasks {
        drop(event_loop.spawn(task()));
    }
    event_loop.turn().expect("no loop runs here");
}

fn event_loop() -> EventLoop {
    EventLoop::new().expect("the OS lets us make a loop")
}
