//! The programs as async and await.

use std::time::Duration;

use quadrivium::{
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// A timeout that does not expire during a run.
const LONG: Duration = Duration::from_secs(3_600);

pub(super) fn turns(times: u64) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            turn().await;
        }
    })
}

pub(super) fn spawns(times: u64) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            spawn(future(async {})).await.expect("the task is not cancelled");
        }
    })
}

pub(super) fn send_and_receive(
    times: u64,
    there: Sender<u64>,
    back: Receiver<u64>,
) -> impl Task<Output = ()> {
    future(async move {
        for value in 0..times {
            there.send(value).await.expect("the channel is open");
            back.recv().await.expect("the channel is open");
        }
    })
}

pub(super) fn receive_and_send(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            let value = there.recv().await.expect("the channel is open");
            back.send(value).await.expect("the channel is open");
        }
    })
}

pub(super) fn sleeps(times: u64, duration: Duration) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            sleep(duration).await;
        }
    })
}

pub(super) fn timeouts(times: u64) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            timeout(LONG, turn()).await.expect("the timeout has not expired");
        }
    })
}

pub(super) fn write_and_read(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    future(async move {
        let mut byte = [7];
        for _ in 0..times {
            stream.write_all(&byte).await.expect("the connection is open");
            stream.read_exact(&mut byte).await.expect("the connection is open");
        }
    })
}

pub(super) fn read_and_write(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    future(async move {
        let mut byte = [0];
        for _ in 0..times {
            stream.read_exact(&mut byte).await.expect("the connection is open");
            stream.write_all(&byte).await.expect("the connection is open");
        }
    })
}
