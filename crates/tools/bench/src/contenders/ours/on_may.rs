//! Our futures on may's scheduler, with one worker. They show the cost of tasks that may move
//! between threads.

use std::{
    future::poll_fn,
    mem,
    num::NonZero,
    task::Poll,
    time::{Duration, Instant},
};

use quadrivium::{may, prelude::*};
use quadrivium_bench_protocol::{Contender, Counter, bump, memory as suspended};

/// Returns the contender. Another task spawns the measured tasks, and keeps the only worker until
/// all are spawned.
pub(super) fn contender() -> Contender {
    Contender {
        turn: Some(turns),
        spawn: Some(spawns),
        memory: Some(memory),
        ..Contender::new("future on may", env!("CARGO_PKG_VERSION"))
    }
}

fn turns(counters: Vec<Counter>) {
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

fn spawns(n: usize, times: u64) -> Duration {
    run(async move {
        let mut handles = Vec::with_capacity(n);
        let start = Instant::now();
        for _ in 0..times {
            handles.extend((0..n).map(|_| may::spawn(future(async { bump(0) }))));
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += handle.await.expect("no task panics");
            }
            assert_eq!(sum, n as u64, "each task returns 1, and every task is joined");
        }
        start.elapsed()
    })
}

fn memory(n: usize) {
    run(async move {
        let mut handles = Vec::with_capacity(n);
        for _ in 0..n {
            handles.push(may::spawn(future(async {
                let count = bump(0);
                suspended::count_suspended();
                // The waker is leaked, because may drops a task that can no longer be woken.
                poll_fn(|cx| {
                    mem::forget(cx.waker().clone());
                    Poll::<()>::Pending
                })
                .await;
                bump(count)
            })));
        }
        while !suspended::all_suspended() {
            turn().await;
        }
        mem::forget(handles);
    });
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
