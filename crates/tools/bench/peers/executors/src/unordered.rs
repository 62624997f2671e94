//! The crate `futures`: tasks in a `FuturesUnordered`, run by `block_on`. It has no join handles,
//! so a batch is joined in the order in which its tasks end.

use std::time::{Duration, Instant};

use futures::{StreamExt, executor::block_on, stream::FuturesUnordered};
use futures_lite::future::yield_now;
use quadrivium_bench_protocol::{Contender, Counter, bump};
use quadrivium_peers_common::{join, suspend_for_ever, version};

use crate::{
    combinators::{Functions, Unordered},
    local_pool::Pool,
};

pub(crate) fn contender() -> Contender {
    Contender {
        turn: Some(turn),
        spawn: Some(spawn),
        memory: Some(memory),
        join: Some(join::<Pool, Unordered>),
        ..Contender::new("FuturesUnordered", version("futures"))
    }
}

/// The other combinators of the crate, beside it.
pub(crate) fn join_all() -> Contender {
    Contender {
        join: Some(join::<Pool, Functions>),
        ..Contender::new("join_all, select_all", version("futures"))
    }
}

fn turn(counters: Vec<Counter>) {
    let task = |mut counter: Counter| async move {
        while counter.turn() {
            yield_now().await;
        }
    };
    let tasks: FuturesUnordered<_> = counters.into_iter().map(task).collect();
    block_on(tasks.collect::<()>());
}

fn spawn(n: usize, times: u64) -> Duration {
    block_on(async {
        let mut tasks = FuturesUnordered::new();
        let start = Instant::now();
        for _ in 0..times {
            tasks.extend((0..n).map(|_| async { bump(0) }));
            let mut sum = 0;
            while let Some(output) = tasks.next().await {
                sum += output;
            }
            assert_eq!(sum, n as u64, "each task returns 1, and every task is joined");
        }
        start.elapsed()
    })
}

fn memory(n: usize) {
    let tasks: FuturesUnordered<_> = (0..n).map(|_| suspend_for_ever()).collect();
    block_on(tasks.collect::<Vec<_>>());
}
