//! The programs as green threads.

use std::time::Duration;

use quadrivium::{
    green::perform,
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// Longer than any run.
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
            perform(spawn(green(|| {}))).expect("it is not cancelled");
        }
    })
}

pub(super) fn serve(times: u64, there: Sender<u64>, back: Receiver<u64>) -> impl Task<Output = ()> {
    green(move || {
        for value in 0..times {
            perform(there.send(value)).expect("it is open");
            perform(back.recv()).expect("it is open");
        }
    })
}

pub(super) fn give_back(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    green(move || {
        for _ in 0..times {
            let value = perform(there.recv()).expect("it is open");
            perform(back.send(value)).expect("it is open");
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
            perform(timeout(LONG, turn())).expect("time is not up");
        }
    })
}

pub(super) fn say(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    green(move || {
        let mut byte = [7];
        for _ in 0..times {
            perform(stream.write_all(&byte)).expect("the other end is there");
            perform(stream.read_exact(&mut byte)).expect("the other end is there");
        }
    })
}

pub(super) fn echo(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    green(move || {
        let mut byte = [0];
        for _ in 0..times {
            perform(stream.read_exact(&mut byte)).expect("the other end is there");
            perform(stream.write_all(&byte)).expect("the other end is there");
        }
    })
}
