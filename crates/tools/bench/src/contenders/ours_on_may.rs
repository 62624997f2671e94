//! Our futures on may's scheduler, with one worker: what tasks that may move between threads cost.

use std::{future::poll_fn, mem, num::NonZero, task::Poll, time::Duration};

use quadrivium::{may, prelude::*};

use super::join::{join_all, join_batches, wait_until_held};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// Futures as `Send` tasks. They are spawned by another one: it keeps the only worker meanwhile.
#[derive(Debug)]
pub(super) struct OursOnMay;

impl Contender for OursOnMay {
    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            may::spawn(future(async move {
                while counter.turn() {
                    turn().await;
                }
            }))
        };
        let joined = |joined: Result<_, _>| joined.expect("no task panics");
        run(join_all(counters.into_iter().map(task), joined));
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let spawn = |count| may::spawn(future(async move { bump(count) }));
        let joined = |joined: Result<_, _>| joined.expect("no task panics");
        run(join_batches(tasks, batches, spawn, joined))
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
            wait_until_held(turn).await;
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
