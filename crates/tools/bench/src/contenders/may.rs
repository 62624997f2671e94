//! The peer may: its green threads on one worker.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use may::coroutine::{JoinHandle, park, spawn, yield_now};

use super::join::expect_joined;
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// May's scheduler with a single worker. The scheduler belongs to the whole process.
///
/// A green thread spawns the tasks. If the main thread did, the first task would already run on the
/// worker while the main thread still makes the others.
#[derive(Debug)]
pub(super) struct MayScheduler;

impl Contender for MayScheduler {
    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            green(move || {
                while counter.turn() {
                    yield_now();
                }
            })
        };
        run(move || {
            let handles: Vec<_> = counters.into_iter().map(task).collect();
            for handle in handles {
                handle.join().expect("no task panics");
            }
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        run(move || {
            let mut handles = Vec::with_capacity(tasks);
            let start = Instant::now();
            for _ in 0..batches {
                for _ in 0..tasks {
                    let count = 0;
                    handles.push(green(move || bump(count)));
                }
                let mut sum = 0;
                for handle in handles.drain(..) {
                    sum += handle.join().expect("no task panics");
                }
                expect_joined(sum, tasks);
            }
            start.elapsed()
        })
    }

    fn suspend(&self, tasks: usize) {
        run(move || {
            for _ in 0..tasks {
                green(|| {
                    let count = bump(0);
                    memory::count_suspended();
                    park();
                    bump(count)
                });
            }
        });
        // The main thread waits here. A green thread in its place would starve the tasks,
        // because may runs new green threads only when the worker's own queue is empty.
        while !memory::all_suspended() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Runs `body` as a green thread and waits for it on this OS thread.
fn run<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    may::config().set_workers(1);
    green(body).join().expect("the first green thread does not panic")
}

fn green<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    // SAFETY: the bodies here read no thread-local across a suspension, and need far less than
    // the 32 KiB of a default stack.
    unsafe { spawn(body) }
}
