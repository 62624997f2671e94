//! compio: its runtime with the io_uring driver. It has no channel.

use std::time::Duration;

use compio::runtime::{JoinHandle, Runtime};
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Executor, Timers};

struct Compio;

pub(crate) fn contender() -> Contender {
    let contender = common::contender::<Compio>("compio", "compio");
    common::with_timers::<Compio>(contender)
}

impl Executor for Compio {
    type Handle<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        Runtime::new().expect("the kernel allows io_uring or epoll").block_on(body)
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        compio::runtime::spawn(body)
    }

    fn output<T: 'static>(joined: <JoinHandle<T> as Future>::Output) -> T {
        joined.expect("no task panics")
    }
}

impl Timers for Compio {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        compio::time::sleep(duration)
    }

    async fn timeout(duration: Duration, leaf: impl Future<Output = ()>) {
        compio::time::timeout(duration, leaf).await.expect("the leaf is done before the timeout");
    }
}
