//! The two styles whose tasks can also be `Send`, with tasks that are.

use quadrivium::{callback::send as callback, generator::send as generator, prelude::*};
use quadrivium_bench_protocol::{Contender, Counter, bump, memory};

use super::on_loop::{self, Never};

/// Returns both contenders.
pub(super) fn all() -> Vec<Contender> {
    vec![callback_contender(), generator_contender()]
}

fn callback_contender() -> Contender {
    use callback::{Callback, callback};

    fn turns(cb: &mut Callback<()>, mut counter: Box<Counter>) {
        match counter.turn() {
            true => cb.perform(turn(), |cb, ()| turns(cb, counter)),
            false => cb.done(()),
        }
    }
    fn suspends(cb: &mut Callback<u64>) {
        let count = bump(0);
        memory::count_suspended();
        cb.perform(Never, move |cb, ()| cb.done(bump(count)));
    }
    Contender {
        turn: Some(|counters| {
            on_loop::turn(counters, |counter| callback(|cb| turns(cb, Box::new(counter))));
        }),
        spawn: Some(|n, times| {
            on_loop::spawn(n, times, |count| callback(move |cb| cb.done(bump(count))))
        }),
        memory: Some(|n| on_loop::memory(n, || callback(suspends))),
        ..Contender::new("callback, Send", env!("CARGO_PKG_VERSION"))
    }
}

fn generator_contender() -> Contender {
    use generator::generator;

    Contender {
        turn: Some(|counters| {
            on_loop::turn(counters, |mut counter| {
                generator(|mut co| async move {
                    while counter.turn() {
                        co.perform(turn()).await;
                    }
                })
            });
        }),
        spawn: Some(|n, times| {
            on_loop::spawn(n, times, |count| generator(move |_| async move { bump(count) }))
        }),
        memory: Some(|n| {
            on_loop::memory(n, || {
                generator(|mut co| async move {
                    let count = bump(0);
                    memory::count_suspended();
                    co.perform(Never).await;
                    bump(count)
                })
            });
        }),
        ..Contender::new("generator, Send", env!("CARGO_PKG_VERSION"))
    }
}
