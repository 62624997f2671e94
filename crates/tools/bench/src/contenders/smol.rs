//! The peer smol: its local executor, from the crate `async-executor`.

use std::time::Duration;

use async_executor::LocalExecutor;
use futures_lite::future::{block_on, yield_now};

use super::join::{join_all, join_batches, suspend_for_ever, wait_until_all_suspended};
use crate::{
    contenders::Contender,
    stopwatch::{Counter, bump},
};

/// `LocalExecutor`, run under `block_on`, without smol's reactor.
#[derive(Debug)]
pub(super) struct SmolExecutor;

impl Contender for SmolExecutor {
    fn turn(&self, counters: Vec<Counter>) {
        let executor = LocalExecutor::new();
        let task = |mut counter: Counter| {
            executor.spawn(async move {
                while counter.turn() {
                    yield_now().await;
                }
            })
        };
        block_on(executor.run(join_all(counters.into_iter().map(task), |()| ())));
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let executor = LocalExecutor::new();
        let spawn = |count| executor.spawn(async move { bump(count) });
        block_on(executor.run(join_batches(tasks, batches, spawn, |output| output)))
    }

    fn suspend(&self, tasks: usize) {
        let executor = LocalExecutor::new();
        block_on(executor.run(async {
            for _ in 0..tasks {
                executor.spawn(suspend_for_ever()).detach();
            }
            wait_until_all_suspended(yield_now).await;
        }));
    }
}
