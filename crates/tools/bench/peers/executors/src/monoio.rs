//! monoio: its io_uring driver with timers, as its `main` makes it.
//!
//! A task that wakes itself is put at the front of its queue, so tasks that take turns starve each
//! other. It has no fair `yield_now`. Its channel is the one in `local-sync`, by the same authors.

use std::time::Duration;

use local_sync::mpsc::bounded::{Rx, Tx, channel};
use monoio::{IoUringDriver, RuntimeBuilder, task::JoinHandle};
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Channel, Executor, Timers};

struct Monoio;

pub(crate) fn contender() -> Contender {
    let contender = common::contender::<Monoio>("monoio", "monoio");
    common::with_channel::<Monoio>(common::with_timers::<Monoio>(contender))
}

impl Executor for Monoio {
    type Handle<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        let runtime = RuntimeBuilder::<IoUringDriver>::new().enable_timer().build();
        runtime.expect("the kernel allows io_uring").block_on(body)
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        monoio::spawn(body)
    }

    fn output<T: 'static>(joined: T) -> T {
        joined
    }
}

impl Timers for Monoio {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        monoio::time::sleep(duration)
    }

    async fn timeout(duration: Duration, leaf: impl Future<Output = ()>) {
        monoio::time::timeout(duration, leaf).await.expect("the leaf is done before the timeout");
    }
}

impl Channel for Monoio {
    type Sender = Tx<u64>;
    type Receiver = Rx<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        channel(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        assert!(sender.send(number).await.is_ok(), "the receiver is there");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.recv()
    }
}
