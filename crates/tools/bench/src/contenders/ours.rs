//! Our four styles on our event loop, two of them also with tasks that are `Send`. They differ in
//! the tasks they make, and in nothing else.

use std::{pin::Pin, time::Duration};

use quadrivium::{
    green::perform,
    prelude::*,
    task::{Context, Step, Wait},
};

use super::join::{join_batches, suspend_for_good};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// Tasks as callbacks, which are `Send` in one of these modules.
macro_rules! callback_contender {
    ($(#[$doc:meta])* $contender:ident, $($module:ident)::+) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $contender;

        const _: () = {
            use $($module)::+::{Callback, callback};

            impl Contender for $contender {
                fn turn(&self, counters: Vec<Counter>) {
                    // In a box, as one would keep what is passed on at every callback and is more
                    // than a word.
                    fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
                        match counter.turn() {
                            true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
                            false => cb.done(()),
                        }
                    }
                    turn_on_our_loop(counters, |counter| {
                        callback(|cb| turns(cb, Box::new(counter)))
                    });
                }

                fn spawn(&self, tasks: usize, batches: u64) -> Duration {
                    spawn_on_our_loop(tasks, batches, |count| {
                        callback(move |cb| cb.done(bump(count)))
                    })
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
        };
    };
}

callback_contender! {
    /// Tasks as callbacks.
    CallbackStyle, quadrivium::callback
}

callback_contender! {
    /// Tasks as callbacks that are `Send`.
    SendCallbackStyle, quadrivium::callback::send
}

/// Tasks as generators, which are `Send` in one of these modules.
macro_rules! generator_contender {
    ($(#[$doc:meta])* $contender:ident, $($module:ident)::+) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $contender;

        const _: () = {
            use $($module)::+::generator;

            impl Contender for $contender {
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
                    spawn_on_our_loop(tasks, batches, |count| {
                        generator(move |_| async move { bump(count) })
                    })
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
        };
    };
}

generator_contender! {
    /// Tasks as generators.
    GeneratorStyle, quadrivium::generator
}

generator_contender! {
    /// Tasks as generators that are `Send`.
    SendGeneratorStyle, quadrivium::generator::send
}

/// Tasks with async and await.
#[derive(Debug)]
pub(super) struct FutureStyle;

impl Contender for FutureStyle {
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
        hold_on_our_loop(tasks, || future(suspend_for_good()));
    }
}

/// Tasks as green threads.
#[derive(Debug)]
pub(super) struct GreenStyle;

impl Contender for GreenStyle {
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

fn turn_on_our_loop<T>(counters: Vec<Counter>, task: impl Fn(Counter) -> T)
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
fn spawn_on_our_loop<T>(tasks: usize, batches: u64, task: impl Fn(u64) -> T + 'static) -> Duration
where
    T: Task<Output = u64> + 'static,
{
    let joined = |joined: Result<_, _>| joined.expect("no task is cancelled");
    let batches = join_batches(tasks, batches, move |count| spawn(task(count)), joined);
    event_loop().block_on(future(batches)).expect("the batches come to their end")
}

/// Never done, as [`pending`](std::future::pending) is for the peers.
struct Never;

impl Task for Never {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

fn hold_on_our_loop<T>(tasks: usize, task: impl Fn() -> T)
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
