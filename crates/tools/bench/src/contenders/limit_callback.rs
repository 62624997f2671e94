//! The limit of the callback style: a bare queue of boxed closures.

use std::{
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// A closure that is called once per step and says whether it wants to be called again.
type Callback = Box<dyn FnMut() -> bool>;

/// A bare queue of [`Callback`]s.
#[derive(Debug)]
pub(super) struct LimitCallback;

impl Contender for LimitCallback {
    fn profile(&self) -> Profile {
        Profile { name: "limit, callback", group: Group::Limit, limit: None }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let mut queue = VecDeque::<Callback>::with_capacity(counters.len());
        for mut counter in counters {
            queue.push_back(Box::new(move || counter.turn()));
        }
        run(&mut queue);
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let mut queue = VecDeque::<Callback>::with_capacity(tasks);
        let start = Instant::now();
        for _ in 0..batches {
            for _ in 0..tasks {
                let mut count = 0;
                queue.push_back(Box::new(move || {
                    count = bump(count);
                    false
                }));
            }
            expect_joined(run(&mut queue), tasks);
        }
        start.elapsed()
    }

    fn hold(&self, tasks: usize) {
        let mut queue = VecDeque::<Callback>::with_capacity(tasks);
        for _ in 0..tasks {
            let mut count = 0;
            queue.push_back(Box::new(move || {
                count = bump(count);
                memory::suspend_one();
                true
            }));
        }
        for _ in 0..tasks {
            let mut task = queue.pop_front().expect("no task ends here");
            task();
            queue.push_back(task);
        }
        black_box(queue);
    }
}

/// Resumes the tasks in turn until all have ended, and returns how many did.
#[inline]
fn run(queue: &mut VecDeque<Callback>) -> u64 {
    let mut ended = 0;
    while let Some(mut task) = queue.pop_front() {
        if task() {
            queue.push_back(task);
        } else {
            ended += 1;
        }
    }
    ended
}
