//! The limit of the future style: a bare queue of boxed futures, polled with a waker that does
//! nothing.

use std::{
    collections::VecDeque,
    future::{pending, poll_fn},
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use crate::{
    contender::{Contender, Group, Profile, bump, expect_joined},
    memory,
    stopwatch::Counter,
};

type Boxed = Pin<Box<dyn Future<Output = u64>>>;

/// A bare queue of [`Boxed`] futures.
#[derive(Debug)]
pub(super) struct LimitFuture;

impl Contender for LimitFuture {
    fn profile(&self) -> Profile {
        Profile { name: "limit, future", group: Group::Limit, limit: None }
    }

    fn turn(&self, counters: Vec<Counter>) {
        let mut queue = VecDeque::<Boxed>::with_capacity(counters.len());
        for mut counter in counters {
            queue.push_back(Box::pin(async move {
                while counter.turn() {
                    suspend().await;
                }
                0
            }));
        }
        run(&mut queue);
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let mut queue = VecDeque::<Boxed>::with_capacity(tasks);
        let start = Instant::now();
        for _ in 0..batches {
            for _ in 0..tasks {
                let count = 0;
                queue.push_back(Box::pin(async move { bump(count) }));
            }
            expect_joined(run(&mut queue), tasks);
        }
        start.elapsed()
    }

    fn hold(&self, tasks: usize) {
        let mut queue = VecDeque::<Boxed>::with_capacity(tasks);
        for _ in 0..tasks {
            queue.push_back(Box::pin(async {
                let count = bump(0);
                memory::suspend_one();
                pending::<()>().await;
                bump(count)
            }));
        }
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..tasks {
            let mut task = queue.pop_front().expect("no task ends here");
            let _ = task.as_mut().poll(&mut cx);
            queue.push_back(task);
        }
        black_box(queue);
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

/// Resumes the tasks in turn until all have ended, and returns the sum of their outputs.
#[inline]
fn run(queue: &mut VecDeque<Boxed>) -> u64 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut sum = 0;
    while let Some(mut task) = queue.pop_front() {
        match task.as_mut().poll(&mut cx) {
            Poll::Pending => queue.push_back(task),
            Poll::Ready(output) => sum += output,
        }
    }
    sum
}
