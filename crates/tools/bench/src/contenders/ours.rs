//! Our four styles on our event loop. Two of them are also measured with tasks that are `Send`.
//! They differ only in the tasks that they make.

use std::{pin::Pin, time::Duration};

use quadrivium::{
    green::perform,
    prelude::*,
    task::{Context, Step, Wait},
};

use super::join::{join_batches, suspend_for_ever};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// A style on our event loop: three functions that make tasks.
struct OnOurLoop<Turns, Adds, Suspends> {
    /// Makes a task that takes turns as long as its counter returns true.
    turns: Turns,
    /// Makes a task that adds one to a number.
    adds: Adds,
    /// Makes a task that suspends for ever.
    suspends: Suspends,
}

impl<Turns, Adds, Suspends, T, A, S> Contender for OnOurLoop<Turns, Adds, Suspends>
where
    Turns: Fn(Counter) -> T,
    Adds: Fn(u64) -> A + Copy + 'static,
    Suspends: Fn() -> S,
    T: Task<Output = ()> + 'static,
    A: Task<Output = u64> + 'static,
    S: Task<Output = u64> + 'static,
{
    fn turn(&self, counters: Vec<Counter>) {
        let mut event_loop = event_loop();
        for counter in counters {
            drop(event_loop.spawn((self.turns)(counter)));
        }
        event_loop.run().expect("every task counts to its end");
    }

    /// One task in the future style joins the tasks of every style.
    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let adds = self.adds;
        let joined = |joined: Result<_, _>| joined.expect("no task is cancelled");
        let batches = join_batches(tasks, batches, move |count| spawn(adds(count)), joined);
        event_loop().block_on(future(batches)).expect("the batches end")
    }

    fn suspend(&self, tasks: usize) {
        let mut event_loop = event_loop();
        for _ in 0..tasks {
            drop(event_loop.spawn((self.suspends)()));
        }
        event_loop.turn().expect("this thread runs no other loop");
    }
}

fn event_loop() -> EventLoop {
    EventLoop::new().expect("the OS allows an event loop")
}

/// A leaf that is never done, as [`pending`](std::future::pending) is for the peers.
struct Never;

impl Task for Never {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// Tasks as callbacks. With the module `send` they are `Send`.
macro_rules! callbacks {
    ($style:ident, $($module:ident)::+) => {
        pub(super) fn $style() -> impl Contender {
            use $($module)::+::{Callback, callback};

            // The counter is larger than a word and is passed on at every callback, so it is in a
            // box, as in a real program.
            fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
                match counter.turn() {
                    true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
                    false => cb.done(()),
                }
            }
            OnOurLoop {
                turns: |counter| callback(|cb| turns(cb, Box::new(counter))),
                adds: |count| callback(move |cb| cb.done(bump(count))),
                suspends: || {
                    callback(|cb| {
                        let count = bump(0);
                        memory::count_suspended();
                        cb.perform(Never, move |cb, ()| cb.done(bump(count)));
                    })
                },
            }
        }
    };
}

callbacks! { callback_style, quadrivium::callback }
callbacks! { send_callback_style, quadrivium::callback::send }

/// Tasks as generators. With the module `send` they are `Send`.
macro_rules! generators {
    ($style:ident, $($module:ident)::+) => {
        pub(super) fn $style() -> impl Contender {
            use $($module)::+::generator;

            OnOurLoop {
                turns: |mut counter: Counter| {
                    generator(|mut co| async move {
                        while counter.turn() {
                            co.perform(turn()).await;
                        }
                    })
                },
                adds: |count| generator(move |_| async move { bump(count) }),
                suspends: || {
                    generator(|mut co| async move {
                        let count = bump(0);
                        memory::count_suspended();
                        co.perform(Never).await;
                        bump(count)
                    })
                },
            }
        }
    };
}

generators! { generator_style, quadrivium::generator }
generators! { send_generator_style, quadrivium::generator::send }

/// Tasks with async and await.
pub(super) fn future_style() -> impl Contender {
    OnOurLoop {
        turns: |mut counter: Counter| {
            future(async move {
                while counter.turn() {
                    turn().await;
                }
            })
        },
        adds: |count| future(async move { bump(count) }),
        suspends: || future(suspend_for_ever()),
    }
}

/// Tasks as green threads.
pub(super) fn green_style() -> impl Contender {
    OnOurLoop {
        turns: |mut counter: Counter| {
            green(move || {
                while counter.turn() {
                    perform(turn());
                }
            })
        },
        adds: |count| green(move || bump(count)),
        suspends: || {
            green(|| {
                let count = bump(0);
                memory::count_suspended();
                perform(Never);
                bump(count)
            })
        },
    }
}
