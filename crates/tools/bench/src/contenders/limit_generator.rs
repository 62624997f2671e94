//! The limit of the generator style: a bare queue of genawaiter's `rc` generators.

use std::{
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

use genawaiter::{
    GeneratorState::{Complete, Yielded},
    rc::{Co, Gen},
};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// A bare queue of generators. All tasks of a queue are of one type, so no call is dynamic.
#[derive(Debug)]
pub(super) struct LimitGenerator;

impl Contender for LimitGenerator {
    fn profile(&self) -> Profile {
        Profile { name: "limit, generator", group: Group::Limit, limit: None }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            Gen::new(async move |co: Co<()>| {
                while counter.turn() {
                    co.yield_(()).await;
                }
                0
            })
        };
        run(&mut counters.into_iter().map(task).collect());
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let mut queue = VecDeque::with_capacity(tasks);
        let start = Instant::now();
        for _ in 0..batches {
            for _ in 0..tasks {
                let count = 0;
                queue.push_back(Gen::new(async move |_: Co<()>| bump(count)));
            }
            expect_joined(run(&mut queue), tasks);
        }
        start.elapsed()
    }

    fn hold(&self, tasks: usize) {
        let mut queue = VecDeque::with_capacity(tasks);
        for _ in 0..tasks {
            queue.push_back(Gen::new(async |co: Co<()>| {
                let count = bump(0);
                memory::suspend_one();
                co.yield_(()).await;
                bump(count)
            }));
        }
        for _ in 0..tasks {
            let mut task = queue.pop_front().expect("no task ends here");
            task.resume();
            queue.push_back(task);
        }
        black_box(queue);
    }
}

/// Resumes the tasks in turn until all have ended, and returns the sum of their outputs.
#[inline]
fn run<F: Future<Output = u64>>(queue: &mut VecDeque<Gen<(), (), F>>) -> u64 {
    let mut sum = 0;
    while let Some(mut task) = queue.pop_front() {
        match task.resume() {
            Yielded(()) => queue.push_back(task),
            Complete(output) => sum += output,
        }
    }
    sum
}
