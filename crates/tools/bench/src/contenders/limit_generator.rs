//! The limit of the generator style: a bare queue of genawaiter's `rc` generators.

use std::time::Duration;

use genawaiter::{
    GeneratorState::{Complete, Yielded},
    rc::{Co, Gen},
};

use super::bare_queue::{spawn_in_queue, suspend_in_queue, turn_in_queue};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// A bare queue of generators. All tasks of a queue have one type, so no call is dynamic.
#[derive(Debug)]
pub(super) struct LimitGenerator;

impl Contender for LimitGenerator {
    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            Gen::new(async move |co: Co<()>| {
                while counter.turn() {
                    co.yield_(()).await;
                }
                0
            })
        };
        turn_in_queue(counters, task, resume);
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let task = |count| Gen::new(async move |_: Co<()>| bump(count));
        spawn_in_queue(tasks, batches, task, resume)
    }

    fn suspend(&self, tasks: usize) {
        let task = || {
            Gen::new(async |co: Co<()>| {
                let count = bump(0);
                memory::count_suspended();
                co.yield_(()).await;
                bump(count)
            })
        };
        suspend_in_queue(tasks, task, resume);
    }
}

#[inline]
fn resume<F: Future<Output = u64>>(task: &mut Gen<(), (), F>) -> Option<u64> {
    match task.resume() {
        Yielded(()) => None,
        Complete(output) => Some(output),
    }
}
