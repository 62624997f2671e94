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

/// A style on our event loop, by the tasks that it makes.
struct OnOurLoop<Turns, Adds, Holds> {
    /// A task that takes turns as long as its counter says.
    turns: Turns,
    /// A task that adds one to a number.
    adds: Adds,
    /// A task that suspends for good.
    holds: Holds,
}

impl<Turns, Adds, Holds, T, A, H> Contender for OnOurLoop<Turns, Adds, Holds>
where
    Turns: Fn(Counter) -> T,
    Adds: Fn(u64) -> A + Copy + 'static,
    Holds: Fn() -> H,
    T: Task<Output = ()> + 'static,
    A: Task<Output = u64> + 'static,
    H: Task<Output = u64> + 'static,
{
    fn turn(&self, counters: Vec<Counter>) {
        let mut event_loop = event_loop();
        for counter in counters {
            drop(event_loop.spawn((self.turns)(counter)));
        }
        event_loop.run().expect("every task counts to its end");
    }

    /// The joins are awaited by one task in the future style, whatever the style of the others.
    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let adds = self.adds;
        let joined = |joined: Result<_, _>| joined.expect("no task is cancelled");
        let batches = join_batches(tasks, batches, move |count| spawn(adds(count)), joined);
        event_loop().block_on(future(batches)).expect("the batches come to their end")
    }

    fn hold(&self, tasks: usize) {
        let mut event_loop = event_loop();
        for _ in 0..tasks {
            drop(event_loop.spawn((self.holds)()));
        }
        event_loop.turn().expect("no loop runs here");
    }
}

fn event_loop() -> EventLoop {
    EventLoop::new().expect("the OS lets us make a loop")
}

/// Never done, as [`pending`](std::future::pending) is for the peers.
struct Never;

impl Task for Never {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Wake)
    }
}

/// Tasks as callbacks, which are `Send` in one of these modules.
macro_rules! callbacks {
    ($style:ident, $($module:ident)::+) => {
        pub(super) fn $style() -> impl Contender {
            use $($module)::+::{Callback, callback};

            // In a box, as one would keep what is passed on at every callback and is more than a
            // word.
            fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
                match counter.turn() {
                    true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
                    false => cb.done(()),
                }
            }
            OnOurLoop {
                turns: |counter| callback(|cb| turns(cb, Box::new(counter))),
                adds: |count| callback(move |cb| cb.done(bump(count))),
                holds: || {
                    callback(|cb| {
                        let count = bump(0);
                        memory::suspend_one();
                        cb.perform(Never, move |cb, ()| cb.done(bump(count)));
                    })
                },
            }
        }
    };
}

callbacks! { callback_style, quadrivium::callback }
callbacks! { send_callback_style, quadrivium::callback::send }

/// Tasks as generators, which are `Send` in one of these modules.
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
                holds: || {
                    generator(|mut co| async move {
                        let count = bump(0);
                        memory::suspend_one();
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
        holds: || future(suspend_for_good()),
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
        holds: || {
            green(|| {
                let count = bump(0);
                memory::suspend_one();
                perform(Never);
                bump(count)
            })
        },
    }
}
