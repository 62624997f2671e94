//! The crate `futures`: its `LocalPool` and its channel.
//!
//! The channel has room for one message more than asked for. With no room for it, every send would
//! wait until the message is received, which costs another turn.

use std::cell::RefCell;

use futures::{
    SinkExt, StreamExt,
    channel::mpsc::{Receiver, Sender, channel},
    executor::{LocalPool, LocalSpawner},
    future::RemoteHandle,
    task::LocalSpawnExt,
};
use quadrivium_bench_protocol::Contender;
use quadrivium_peers_common::{self as common, Channel, Executor};

pub(crate) struct Pool;

pub(crate) fn contender() -> Contender {
    let contender = common::contender::<Pool>("LocalPool", "futures");
    common::with_channel::<Pool>(contender)
}

thread_local! {
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

impl Executor for Pool {
    type Handle<T: 'static> = RemoteHandle<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        let mut pool = LocalPool::new();
        SPAWNER.set(Some(pool.spawner()));
        pool.run_until(body)
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> RemoteHandle<T> {
        SPAWNER.with_borrow(|spawner| {
            let spawner = spawner.as_ref().expect("the pool runs");
            spawner.spawn_local_with_handle(body).expect("the pool exists")
        })
    }

    fn output<T: 'static>(joined: T) -> T {
        joined
    }
}

impl Channel for Pool {
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        channel(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.next()
    }
}
