//! tokio: its single-threaded runtime.
//!
//! Tasks are spawned with `spawn_local` in a `LocalSet`, because our tasks need not be `Send`
//! either. The first contender has all drivers, as `#[tokio::main]` makes it and as our event loop
//! has them. The I/O driver enters the kernel once for up to 61 turns. This costs 5 ns a turn when
//! there are many tasks and 150 ns when a task is alone. So the second contender has timers only.

use std::time::Duration;

use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Channel, Executor, Timers};
use tokio::{
    runtime::Builder,
    sync::mpsc,
    task::{JoinError, JoinHandle, LocalSet, coop::unconstrained, spawn_local, yield_now},
};

pub(crate) struct TokioRuntime<const HAS_IO: bool>;

pub(crate) fn contender() -> Contender {
    Contender {
        uncontended: Some(crate::tokio_sync::uncontended),
        contended: Some(crate::tokio_sync::contended),
        // tokio has no combinator for any number of futures.
        join: Some(common::join::<TokioRuntime<true>, crate::combinators::Unordered>),
        ..of::<true>("tokio")
    }
}

pub(crate) fn without_io() -> Contender {
    of::<false>("tokio, no I/O")
}

fn of<const HAS_IO: bool>(name: &'static str) -> Contender {
    let contender = common::contender::<TokioRuntime<HAS_IO>>(name, "tokio");
    common::with_channel::<TokioRuntime<HAS_IO>>(common::with_timers::<TokioRuntime<HAS_IO>>(
        contender,
    ))
}

impl<const HAS_IO: bool> Executor for TokioRuntime<HAS_IO> {
    type Handle<T: 'static> = JoinHandle<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        let mut builder = Builder::new_current_thread();
        if HAS_IO {
            builder.enable_io();
        }
        let runtime = builder.enable_time().build().expect("the kernel allows an epoll");
        LocalSet::new().block_on(&runtime, body)
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> JoinHandle<T> {
        spawn_local(body)
    }

    fn output<T: 'static>(joined: Result<T, JoinError>) -> T {
        joined.expect("no task panics")
    }

    fn turn() -> impl Future<Output = ()> {
        yield_now()
    }
}

impl<const HAS_IO: bool> Timers for TokioRuntime<HAS_IO> {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    fn unlimited<T>(body: impl Future<Output = T>) -> impl Future<Output = T> {
        unconstrained(body)
    }

    async fn timeout(duration: Duration, leaf: impl Future<Output = ()>) {
        tokio::time::timeout(duration, leaf).await.expect("the leaf is done before the timeout");
    }
}

impl<const HAS_IO: bool> Channel for TokioRuntime<HAS_IO> {
    type Sender = mpsc::Sender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        mpsc::channel(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.recv()
    }
}
