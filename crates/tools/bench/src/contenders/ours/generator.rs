//! Generators on our event loop.

use std::{
    hint::black_box,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium::{
    prelude::*,
    sync::{Mutex, Notify, Semaphore, broadcast, channel, oneshot, watch},
    task::BoxTask,
};
use quadrivium_bench_protocol::{
    Contender, Counter, Gate, JoinKind, Sleeper, SyncKind, bump, memory,
};

use super::on_loop::{self, LONG, Never, Question};

macro_rules! task {
    ($co:ident, $body:block) => {
        generator(move |mut $co| async move {
            let _ = &mut $co;
            $body
        })
    };
}

macro_rules! perform {
    ($co:ident, $task:expr) => {
        $co.perform($task).await
    };
}

programs! { task, perform }
contender! { "generator" }

/// A recursive generator has to be boxed.
fn descend(depth: usize, times: u64) -> BoxTask<u64> {
    Box::pin(generator(move |mut co| async move {
        if depth > 0 {
            return black_box(co.perform(descend(depth - 1, times)).await) + 1;
        }
        for _ in 0..times {
            co.perform(turn()).await;
        }
        0
    }))
}

fn nested(depth: usize, times: u64) -> impl Task<Output = Duration> {
    generator(move |mut co| async move {
        let start = Instant::now();
        black_box(co.perform(descend(depth, times)).await);
        start.elapsed()
    })
}

fn suspends() -> impl Task<Output = u64> {
    generator(|mut co| async move {
        let count = bump(0);
        memory::count_suspended();
        co.perform(Never).await;
        bump(count)
    })
}
