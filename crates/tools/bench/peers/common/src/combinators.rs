//! The measurement of combinators: futures that join or race others inside one task.

use std::time::{Duration, Instant};

use quadrivium_bench_protocol::{JoinKind, OnceEvent, OnceEventFuture};

use crate::Executor;

/// A way to join and to race any number of futures.
pub trait Combinators: 'static {
    /// Waits for all parts.
    fn all<F: Future<Output = ()>>(parts: impl Iterator<Item = F>) -> impl Future<Output = ()>;

    /// Takes the outputs one by one, each when it is there.
    fn each<F: Future<Output = ()> + Unpin>(
        parts: impl Iterator<Item = F>,
    ) -> impl Future<Output = ()>;

    /// Waits for the first part that is done, and drops the others.
    fn race<F: Future<Output = ()> + Unpin>(
        parts: impl Iterator<Item = F>,
    ) -> impl Future<Output = ()>;
}

/// Does what [`Contender::join`](quadrivium_bench_protocol::Contender) says, on the executor `E`.
pub fn join<E: Executor, C: Combinators>(kind: JoinKind, n: usize, times: u64) -> Duration {
    E::run(async move {
        let mut elapsed = Duration::ZERO;
        for _ in 0..times {
            if kind == JoinKind::Together {
                let start = Instant::now();
                C::all((0..n).map(|_| E::turn())).await;
                elapsed += start.elapsed();
                continue;
            }
            let (mut events, parts) = events(n);
            if kind == JoinKind::Race {
                events = vec![events.swap_remove(n / 2)];
            }
            let fires = E::spawn(fire_in_order::<E>(events));
            let start = Instant::now();
            match kind {
                JoinKind::Select => C::each(parts.into_iter()).await,
                JoinKind::Race => C::race(parts.into_iter()).await,
                JoinKind::Together | JoinKind::OneByOne => C::all(parts.into_iter()).await,
            }
            elapsed += start.elapsed();
            E::output(fires.await);
        }
        elapsed
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
