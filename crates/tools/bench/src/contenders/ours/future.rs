//! Async and await on our event loop.

use std::{
    future::pending,
    hint::black_box,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium::{
    future::perform,
    prelude::*,
    sync::{Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
};
use quadrivium_bench_protocol::{
    Contender, Counter, Gate, JoinKind, Sleeper, SyncKind, bump, memory,
};

use super::on_loop::{self, LONG, Question};

macro_rules! task {
    ($co:ident, $body:block) => {
        future(async move { $body })
    };
}

macro_rules! perform {
    ($co:ident, $task:expr) => {
        perform($task).await
    };
}

programs! { task, perform }
contender! { "future" }

/// A recursive async function has to be boxed.
fn descend(depth: usize, times: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move {
        if depth > 0 {
            return black_box(descend(depth - 1, times).await) + 1;
        }
        for _ in 0..times {
            turn().await;
        }
        0
    })
}

fn nested(depth: usize, times: u64) -> impl Task<Output = Duration> {
    future(async move {
        let start = Instant::now();
        black_box(descend(depth, times).await);
        start.elapsed()
    })
}

/// Suspends in the same leaf as the tasks of the peers.
fn suspends() -> impl Task<Output = u64> {
    future(async {
        let count = bump(0);
        memory::count_suspended();
        pending::<()>().await;
        bump(count)
    })
}
