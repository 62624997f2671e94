//! The peer smol: its local executor, from the crate `async-executor`.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use async_executor::LocalExecutor;
use futures_lite::future::{block_on, yield_now};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// `LocalExecutor`, run under `block_on`, without smol's reactor.
#[derive(Debug)]
pub(super) struct Smol;

impl Contender for Smol {
    fn profile(&self) -> Profile {
        Profile { name: "smol", group: Group::Peer, limit: Some("limit, future") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let executor = LocalExecutor::new();
        let task = |mut counter: Counter| {
            executor.spawn(async move {
                while counter.turn() {
                    yield_now().await;
                }
            })
        };
        block_on(executor.run(async {
            let handles: Vec<_> = counters.into_iter().map(task).collect();
            for handle in handles {
                handle.await;
            }
        }));
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let executor = LocalExecutor::new();
        block_on(executor.run(async {
            let mut handles = Vec::with_capacity(tasks);
            let start = Instant::now();
            for _ in 0..batches {
                for _ in 0..tasks {
                    let count = 0;
                    handles.push(executor.spawn(async move { bump(count) }));
                }
                let mut sum = 0;
                for handle in handles.drain(..) {
                    sum += handle.await;
                }
                expect_joined(sum, tasks);
            }
            start.elapsed()
        }))
    }

    fn hold(&self, tasks: usize) {
        let executor = LocalExecutor::new();
        block_on(executor.run(async {
            for _ in 0..tasks {
                let task = executor.spawn(async {
                    let count = bump(0);
                    memory::suspend_one();
                    pending::<()>().await;
                    bump(count)
                });
                task.detach();
            }
            while !memory::all_suspended() {
                yield_now().await;
            }
        }));
    }
}
