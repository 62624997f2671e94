//! The programs as generators.

use std::time::Duration;

use quadrivium::{
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// A timeout that does not expire during a run.
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
            co.perform(spawn(generator(|_| async {}))).await.expect("the task is not cancelled");
        }
    })
}

pub(super) fn send_and_receive(
    times: u64,
    there: Sender<u64>,
    back: Receiver<u64>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for value in 0..times {
            co.perform(there.send(value)).await.expect("the channel is open");
            co.perform(back.recv()).await.expect("the channel is open");
        }
    })
}

pub(super) fn receive_and_send(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        for _ in 0..times {
            let value = co.perform(there.recv()).await.expect("the channel is open");
            co.perform(back.send(value)).await.expect("the channel is open");
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
            co.perform(timeout(LONG, turn())).await.expect("the timeout has not expired");
        }
    })
}

pub(super) fn write_and_read(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let mut byte = [7];
        for _ in 0..times {
            co.perform(stream.write_all(&byte)).await.expect("the connection is open");
            co.perform(stream.read_exact(&mut byte)).await.expect("the connection is open");
        }
    })
}

pub(super) fn read_and_write(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    generator(move |mut co| async move {
        let mut byte = [0];
        for _ in 0..times {
            co.perform(stream.read_exact(&mut byte)).await.expect("the connection is open");
            co.perform(stream.write_all(&byte)).await.expect("the connection is open");
        }
    })
}
