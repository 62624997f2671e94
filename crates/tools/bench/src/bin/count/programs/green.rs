//! The programs as green threads.

use std::time::Duration;

use quadrivium::{
    green::perform,
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// A timeout that does not expire during a run.
const LONG: Duration = Duration::from_secs(3_600);

pub(super) fn turns(times: u64) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            perform(turn());
        }
    })
}

pub(super) fn spawns(times: u64) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            perform(spawn(green(|| {}))).expect("the task is not cancelled");
        }
    })
}

pub(super) fn send_and_receive(
    times: u64,
    there: Sender<u64>,
    back: Receiver<u64>,
) -> impl Task<Output = ()> {
    green(move || {
        for value in 0..times {
            perform(there.send(value)).expect("the channel is open");
            perform(back.recv()).expect("the channel is open");
        }
    })
}

pub(super) fn receive_and_send(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            let value = perform(there.recv()).expect("the channel is open");
            perform(back.send(value)).expect("the channel is open");
        }
    })
}

pub(super) fn sleeps(times: u64, duration: Duration) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            perform(sleep(duration));
        }
    })
}

pub(super) fn timeouts(times: u64) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            perform(timeout(LONG, turn())).expect("the timeout has not expired");
        }
    })
}

pub(super) fn write_and_read(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    green(move || {
        let mut byte = [7];
        for _ in 0..times {
            perform(stream.write_all(&byte)).expect("the connection is open");
            perform(stream.read_exact(&mut byte)).expect("the connection is open");
        }
    })
}

pub(super) fn read_and_write(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    green(move || {
        let mut byte = [0];
        for _ in 0..times {
            perform(stream.read_exact(&mut byte)).expect("the connection is open");
            perform(stream.write_all(&byte)).expect("the connection is open");
        }
    })
}
