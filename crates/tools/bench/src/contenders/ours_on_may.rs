//! Our futures on may's scheduler, with one worker: what tasks that may move between threads cost.

use std::{
    future::poll_fn,
    mem,
    num::NonZero,
    task::Poll,
    time::{Duration, Instant},
};

use quadrivium::{may, prelude::*};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// Futures as `Send` tasks. They are spawned by another one: it keeps the only worker meanwhile.
#[derive(Debug)]
pub(super) struct OnMay;

impl Contender for OnMay {
    fn profile(&self) -> Profile {
        Profile { name: "future on may", group: Group::Ours, limit: Some("limit, future") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            may::spawn(future(async move {
                while counter.turn() {
                    turn().await;
                }
            }))
        };
        run(async move {
            let handles: Vec<_> = counters.into_iter().map(task).collect();
            for handle in handles {
                handle.await.expect("no task panics");
            }
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        run(async move {
            let mut handles = Vec::with_capacity(tasks);
            let start = Instant::now();
            for _ in 0..batches {
                for _ in 0..tasks {
                    let count = 0;
                    handles.push(may::spawn(future(async move { bump(count) })));
                }
                let mut sum = 0;
                for handle in handles.drain(..) {
                    sum += handle.await.expect("no task panics");
                }
                expect_joined(sum, tasks);
            }
            start.elapsed()
        })
    }

    fn hold(&self, tasks: usize) {
        run(async move {
            for _ in 0..tasks {
                drop(may::spawn(future(async {
                    let count = bump(0);
                    memory::suspend_one();
                    // A task that nobody can wake would be dropped.
                    poll_fn(|cx| {
                        mem::forget(cx.waker().clone());
                        Poll::<()>::Pending
                    })
                    .await;
                    bump(count)
                })));
            }
            while !memory::all_suspended() {
                turn().await;
            }
        });
    }
}

fn run<F>(body: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    // Too late for all but the first measurement of a process.
    let _ = may::Config::new().workers(NonZero::<usize>::MIN).start();
    may::block_on(future(body)).expect("no task panics")
}
