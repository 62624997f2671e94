//! The programs as async and await.

use std::time::Duration;

use quadrivium::{
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// Longer than any run.
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
            spawn(future(async {})).await.expect("it is not cancelled");
        }
    })
}

pub(super) fn serve(times: u64, there: Sender<u64>, back: Receiver<u64>) -> impl Task<Output = ()> {
    future(async move {
        for value in 0..times {
            there.send(value).await.expect("it is open");
            back.recv().await.expect("it is open");
        }
    })
}

pub(super) fn give_back(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..times {
            let value = there.recv().await.expect("it is open");
            back.send(value).await.expect("it is open");
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
            timeout(LONG, turn()).await.expect("time is not up");
        }
    })
}

pub(super) fn say(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    future(async move {
        let mut byte = [7];
        for _ in 0..times {
            stream.write_all(&byte).await.expect("the other end is there");
            stream.read_exact(&mut byte).await.expect("the other end is there");
        }
    })
}

pub(super) fn echo(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    future(async move {
        let mut byte = [0];
        for _ in 0..times {
            stream.read_exact(&mut byte).await.expect("the other end is there");
            stream.write_all(&byte).await.expect("the other end is there");
        }
    })
}
