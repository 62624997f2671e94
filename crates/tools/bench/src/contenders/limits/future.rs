//! The limit of the future style: a bare queue of boxed futures, polled with a waker that does
//! nothing.

use std::{
    future::{pending, poll_fn},
    hint::black_box,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use quadrivium_bench_protocol::{Contender, Counter, bump, memory};

use super::bare_queue;

type BoxFuture = Pin<Box<dyn Future<Output = u64>>>;

pub(super) fn contender() -> Contender {
    Contender {
        turn: Some(|counters| bare_queue::turn(counters, turns, resume())),
        spawn: Some(|n, times| {
            let task = |count| -> BoxFuture { Box::pin(async move { bump(count) }) };
            bare_queue::spawn(n, times, task, resume())
        }),
        nested: Some(|depth, times| bare_queue::nested(descend(depth, times), resume())),
        memory: Some(|n| bare_queue::memory(n, suspends, resume())),
        ..Contender::new("limit, future", "bare")
    }
}

fn turns(mut counter: Counter) -> BoxFuture {
    Box::pin(async move {
        while counter.turn() {
            suspend().await;
        }
        0
    })
}

/// A recursive async function has to be boxed.
fn descend(depth: usize, times: u64) -> BoxFuture {
    Box::pin(async move {
        if depth > 0 {
            return black_box(descend(depth - 1, times).await) + 1;
        }
        for _ in 0..times {
            suspend().await;
        }
        0
    })
}

fn suspends() -> BoxFuture {
    Box::pin(async {
        let count = bump(0);
        memory::count_suspended();
        pending::<()>().await;
        bump(count)
    })
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
fn resume() -> impl FnMut(&mut BoxFuture) -> Option<u64> {
    let mut cx = Context::from_waker(Waker::noop());
    move |task| match task.as_mut().poll(&mut cx) {
        Poll::Pending => None,
        Poll::Ready(output) => Some(output),
    }
}
