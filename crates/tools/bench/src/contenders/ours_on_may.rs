//! Our futures on may's scheduler, with one worker. They show the cost of tasks that may move
//! between threads.

use std::{future::poll_fn, mem, num::NonZero, task::Poll, time::Duration};

use quadrivium::{may, prelude::*};

use super::join::{join_all, join_batches, wait_until_all_suspended};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// Futures that are `Send`. Another task spawns them, and keeps the only worker until all are
/// spawned.
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

    fn suspend(&self, tasks: usize) {
        run(async move {
            for _ in 0..tasks {
                drop(may::spawn(future(async {
                    let count = bump(0);
                    memory::count_suspended();
                    // The waker is leaked, because may drops a task that can no longer be woken.
                    poll_fn(|cx| {
                        mem::forget(cx.waker().clone());
                        Poll::<()>::Pending
                    })
                    .await;
                    bump(count)
                })));
            }
            wait_until_all_suspended(turn).await;
        });
    }
}

fn run<F>(body: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    // Only the first measurement of a process starts the scheduler. Later it is an error.
    let _ = may::Config::new().workers(NonZero::<usize>::MIN).start();
    may::block_on(future(body)).expect("no task panics")
}
