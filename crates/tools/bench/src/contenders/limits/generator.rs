//! The limit of the generator style: a bare queue of genawaiter's `rc` generators. All tasks of a
//! queue have one type, so no call is dynamic.

use genawaiter::{
    GeneratorState::{Complete, Yielded},
    rc::{Co, Gen},
};
use quadrivium_bench_protocol::{Contender, Counter, bump, memory};

use super::bare_queue;

pub(super) fn contender() -> Contender {
    Contender {
        turn: Some(|counters| {
            let task = |mut counter: Counter| {
                Gen::new(async move |co: Co<()>| {
                    while counter.turn() {
                        co.yield_(()).await;
                    }
                    0
                })
            };
            bare_queue::turn(counters, task, resume);
        }),
        spawn: Some(|n, times| {
            let task = |count| Gen::new(async move |_: Co<()>| bump(count));
            bare_queue::spawn(n, times, task, resume)
        }),
        memory: Some(|n| {
            let task = || {
                Gen::new(async |co: Co<()>| {
                    let count = bump(0);
                    memory::count_suspended();
                    co.yield_(()).await;
                    bump(count)
                })
            };
            bare_queue::memory(n, task, resume);
        }),
        ..Contender::new("limit, generator", "bare")
    }
}

#[inline]
fn resume<F: Future<Output = u64>>(task: &mut Gen<(), (), F>) -> Option<u64> {
    match task.resume() {
        Yielded(()) => None,
        Complete(output) => Some(output),
    }
}
