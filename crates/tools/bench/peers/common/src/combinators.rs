//! The measurement of combinators: futures that join or race others inside one task.

use std::time::Duration;

use quadrivium_bench_protocol::{JoinKind, OnceEvent, OnceEventFuture};

use crate::{Executor, timed};

/// A way to join and to race any number of futures.
pub trait Combinators: 'static {
    /// Waits for all parts.
    fn all<F: Future<Output = ()>>(parts: impl Iterator<Item = F>) -> impl Future<Output = ()>;

    /// Waits for the first part that is done, and drops the others.
    fn race<F: Future<Output = ()> + Unpin>(
        parts: impl Iterator<Item = F>,
    ) -> impl Future<Output = ()>;
}

/// Does what [`Contender::join`](quadrivium_bench_protocol::Contender) says, on the executor `E`.
pub fn join<E: Executor, C: Combinators>(kind: JoinKind, n: usize, times: u64) -> Duration {
    timed::<E>(async move {
        for _ in 0..times {
            match kind {
                JoinKind::Together => C::all((0..n).map(|_| E::turn())).await,
                JoinKind::OneByOne => {
                    let (events, parts) = events(n);
                    let fires = E::spawn(fire_in_order::<E>(events));
                    C::all(parts.into_iter()).await;
                    E::output(fires.await);
                }
                JoinKind::Race => {
                    let (events, parts) = events(n);
                    let fires = E::spawn(async move { events[n / 2].fire() });
                    C::race(parts.into_iter()).await;
                    E::output(fires.await);
                }
            }
        }
    })
}

fn events(n: usize) -> (Vec<OnceEvent>, Vec<OnceEventFuture>) {
    (0..n).map(|_| OnceEvent::default()).map(|event| (event.clone(), event.wait())).unzip()
}

async fn fire_in_order<E: Executor>(events: Vec<OnceEvent>) {
    for event in events {
        event.fire();
        E::turn().await;
    }
}
