//! The measurements for contenders whose join handles are awaited. These contenders differ only in
//! how a task is spawned and in what its handle returns.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use crate::{memory, stopwatch::bump};

/// Spawns all tasks, and then joins them in order.
pub(super) async fn join_all<H: IntoFuture>(
    handles: impl Iterator<Item = H>,
    joined: impl Fn(H::Output),
) {
    let handles: Vec<_> = handles.collect();
    for handle in handles {
        joined(handle.await);
    }
}

/// Does the work of [`Contender::spawn`](super::Contender::spawn) inside a task.
pub(super) async fn join_batches<H: IntoFuture>(
    tasks: usize,
    batches: u64,
    spawn: impl Fn(u64) -> H,
    joined: impl Fn(H::Output) -> u64,
) -> Duration {
    let mut handles = Vec::with_capacity(tasks);
    let start = Instant::now();
    for _ in 0..batches {
        handles.extend((0..tasks).map(|_| spawn(0)));
        let mut sum = 0;
        for handle in handles.drain(..) {
            sum += joined(handle.await);
        }
        expect_joined(sum, tasks);
    }
    start.elapsed()
}

/// Lets the other tasks run until all of them have suspended.
pub(super) async fn wait_until_all_suspended<Y: IntoFuture>(yields: impl Fn() -> Y) {
    while !memory::all_suspended() {
        yields().await;
    }
}

/// The body of a task that suspends for ever, for
/// [`Contender::suspend`](super::Contender::suspend).
pub(super) async fn suspend_for_ever() -> u64 {
    let count = bump(0);
    memory::count_suspended();
    pending::<()>().await;
    bump(count)
}

/// Checks that every task of a batch has run and was joined.
///
/// # Panics
///
/// Panics when the output of a task is missing. The cell of the table is then "fails".
pub(super) fn expect_joined(joined: u64, tasks: usize) {
    assert_eq!(joined, tasks as u64, "each task returns 1, and every task is joined");
}
