//! The peer glommio: a program of its own, because it builds a C library.
//!
//! Its executor is not pinned to a processor, like ours, and has otherwise its defaults. Where the
//! kernel does not allow io_uring, the executor cannot be made, and every answer is the cause.

use std::{process::ExitCode, time::Duration};

use glommio::{
    GlommioError, LocalExecutorBuilder, Placement, Task,
    channels::local_channel::{LocalReceiver, LocalSender, new_bounded},
    spawn_local, timer,
};
use quadrivium_bench_protocol::CountingAllocator;
use quadrivium_peers_common::{self as common, Channel, Executor, Timers};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    let contender = common::contender::<Glommio>("glommio", "glommio");
    let contender = common::with_channel::<Glommio>(common::with_timers::<Glommio>(contender));
    quadrivium_bench_protocol::main(&[contender])
}

struct Glommio;

impl Executor for Glommio {
    type Handle<T: 'static> = Task<T>;

    fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
        let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
        executor.expect("the kernel allows io_uring").run(body)
    }

    fn spawn<T: 'static>(body: impl Future<Output = T> + 'static) -> Task<T> {
        spawn_local(body)
    }

    fn output<T: 'static>(joined: T) -> T {
        joined
    }
}

impl Timers for Glommio {
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        timer::sleep(duration)
    }

    async fn timeout(duration: Duration, leaf: impl Future<Output = ()>) {
        let leaf = async {
            leaf.await;
            Ok::<_, GlommioError<()>>(())
        };
        timer::timeout(duration, leaf).await.expect("the leaf is done before the timeout");
    }
}

impl Channel for Glommio {
    type Sender = LocalSender<u64>;
    type Receiver = LocalReceiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        new_bounded(capacity)
    }

    async fn send(sender: &mut Self::Sender, number: u64) {
        sender.send(number).await.expect("the receiver is there");
    }

    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
        receiver.recv()
    }
}
