//! The programs as generators.

use std::time::Duration;

use quadrivium::{
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// Longer than any run.
const LONG: Duration = Duration::from_secs(3_600);

pub(super) fn turns(times: u64) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            co.perform(turn()).await;
        }
    })
}

pub(super) fn spawns(times: u64) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            co.perform(spawn(generator(|_| async {}))).await.expect("it is not cancelled");
        }
    })
}

pub(super) fn serve(times: u64, there: Sender<u64>, back: Receiver<u64>) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for value in 0..times {
            co.perform(there.send(value)).await.expect("it is open");
            co.perform(back.recv()).await.expect("it is open");
        }
    })
}

pub(super) fn give_back(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            let value = co.perform(there.recv()).await.expect("it is open");
            co.perform(back.send(value)).await.expect("it is open");
        }
    })
}

pub(super) fn sleeps(times: u64, duration: Duration) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            co.perform(sleep(duration)).await;
        }
    })
}

pub(super) fn timeouts(times: u64) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            co.perform(timeout(LONG, turn())).await.expect("time is not up");
        }
    })
}

pub(super) fn say(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let mut byte = [7];
        for _ in 0..times {
            co.perform(stream.write_all(&byte)).await.expect("the other end is there");
            co.perform(stream.read_exact(&mut byte)).await.expect("the other end is there");
        }
    })
}

pub(super) fn echo(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let mut byte = [0];
        for _ in 0..times {
            co.perform(stream.read_exact(&mut byte)).await.expect("the other end is there");
            co.perform(stream.write_all(&byte)).await.expect("the other end is there");
        }
    })
}
