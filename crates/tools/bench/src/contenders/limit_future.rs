//! The limit of the future style: a bare queue of boxed futures, polled with a waker that does
//! nothing.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{
    bare_queue::{spawn_in_queue, suspend_in_queue, turn_in_queue},
    join::suspend_for_ever,
};
use crate::{
    contenders::Contender,
    stopwatch::{Counter, bump},
};

type Boxed = Pin<Box<dyn Future<Output = u64>>>;

/// A bare queue of [`Boxed`] futures.
#[derive(Debug)]
pub(super) struct LimitFuture;

impl Contender for LimitFuture {
    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| -> Boxed {
            Box::pin(async move {
                while counter.turn() {
                    suspend().await;
                }
                0
            })
        };
        turn_in_queue(counters, task, resume());
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let task = |count| -> Boxed { Box::pin(async move { bump(count) }) };
        spawn_in_queue(tasks, batches, task, resume())
    }

    fn suspend(&self, tasks: usize) {
        suspend_in_queue(tasks, || -> Boxed { Box::pin(suspend_for_ever()) }, resume());
    }
}

/// Suspends once.
async fn suspend() {
    let mut is_resumed = false;
    poll_fn(
        |_| if std::mem::replace(&mut is_resumed, true) { Poll::Ready(()) } else { Poll::Pending },
    )
    .await;
}

/// Returns a function that polls a future. All futures are polled with the same context.
fn resume() -> impl FnMut(&mut Boxed) -> Option<u64> {
    let mut cx = Context::from_waker(Waker::noop());
    move |task| match task.as_mut().poll(&mut cx) {
        Poll::Pending => None,
        Poll::Ready(output) => Some(output),
    }
}
