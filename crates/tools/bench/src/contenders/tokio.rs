//! The peer tokio: its single-threaded runtime.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use tokio::{
    runtime::{Builder, Runtime},
    task::{LocalSet, spawn, spawn_local, yield_now},
};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

/// `current_thread` in the better of its two ways: with `spawn` a turn is faster (97 instead of 147
/// ns at
/// 1 task), in a `LocalSet` a batch is spawned faster (334 instead of 416 ns at 100,000 tasks).
#[derive(Debug)]
pub(super) struct Tokio;

impl Contender for Tokio {
    fn profile(&self) -> Profile {
        Profile { name: "tokio", group: Group::Peer, limit: Some("limit, future") }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| {
            spawn(async move {
                while counter.turn() {
                    yield_now().await;
                }
            })
        };
        runtime().block_on(async {
            let handles: Vec<_> = counters.into_iter().map(task).collect();
            for handle in handles {
                handle.await.expect("no task panics");
            }
        });
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        LocalSet::new().block_on(&runtime(), async {
            let mut handles = Vec::with_capacity(tasks);
            let start = Instant::now();
            for _ in 0..batches {
                for _ in 0..tasks {
                    let count = 0;
                    handles.push(spawn_local(async move { bump(count) }));
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
        runtime().block_on(async {
            for _ in 0..tasks {
                spawn(async {
                    let count = bump(0);
                    memory::suspend_one();
                    pending::<()>().await;
                    bump(count)
                });
            }
            while !memory::all_suspended() {
                yield_now().await;
            }
        });
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("the runtime needs no more than memory")
}
