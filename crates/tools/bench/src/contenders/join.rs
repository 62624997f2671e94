//! Tasks that are joined by their handles, with `.await`: the contenders that differ only in how a
//! task is spawned, and in what its handle says.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use crate::{memory, stopwatch::bump};

/// Spawns all, then joins them in order.
pub(super) async fn join_all<H: IntoFuture>(
    handles: impl Iterator<Item = H>,
    joined: impl Fn(H::Output),
) {
    let handles: Vec<_> = handles.collect();
    for handle in handles {
        joined(handle.await);
    }
}

/// [`Contender::spawn`](super::Contender::spawn), in a task, of tasks that add to a number.
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

/// Lets the others run until all that are held have suspended.
pub(super) async fn wait_until_held<Y: IntoFuture>(yields: impl Fn() -> Y) {
    while !memory::all_suspended() {
        yields().await;
    }
}

/// What a future that is held does.
pub(super) async fn suspend_for_good() -> u64 {
    let count = bump(0);
    memory::suspend_one();
    pending::<()>().await;
    bump(count)
}

/// Makes sure that every task of a batch was run and its output joined.
///
/// # Panics
///
/// Panics when a task's output is missing; the cell then says "fails".
pub(super) fn expect_joined(joined: u64, tasks: usize) {
    assert_eq!(joined, tasks as u64, "the joins must return what the tasks returned");
}
