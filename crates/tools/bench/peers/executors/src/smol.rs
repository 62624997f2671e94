//! smol: its local executor, its channel and its timers, under `async_io::block_on`, which is the
//! `block_on` of the crate `smol`. So its reactor runs on the same thread.

use std::time::Duration;

use async_channel::{Receiver, Sender};
use async_executor::LocalExecutor;
use async_io::{Timer, block_on};
use futures_lite::FutureExt as _;
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Channel, Executor, Timers};

struct SmolExecutor;

pub(crate) fn contender() -> Contender {
    let contender = common::contender::<SmolExecutor>("smol", "async-executor");
    common::with_channel::<SmolExecutor>(common::with_timers::<SmolExecutor>(contender))
}

thread_local! {
    static EXECUTOR: LocalExecutor<'static> = const { LocalExecutor::new() };
}

impl Executor for SmolExecutor {
    type Handle<T: 'static> = async_executor::Task<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        EXECUTOR.with(|executor| block_on(executor.run(body)))
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> Self::Handle<T> {
        EXECUTOR.with(|executor| executor.spawn(body))
    }

    fn output<T: 'static>(joined: T) -> T {
        joined
    }
}

impl Timers for SmolExecutor {
    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    /// smol has no function for it. Its documentation combines the two futures like this.
    fn timeout(duration: Duration, leaf: impl Future<Output = ()>) -> impl Future<Output = ()> {
        leaf.or(async move {
            Timer::after(duration).await;
            unreachable!("the leaf is done before the timeout");
        })
    }
}

impl Channel for SmolExecutor {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        async_channel::bounded(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    async fn receive(receiver: &mut Self::Receiver) -> Option<u64> {
        receiver.recv().await.ok()
    }
}
