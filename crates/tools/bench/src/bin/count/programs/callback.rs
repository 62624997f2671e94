//! The programs as callbacks.

use std::time::Duration;

use quadrivium::{
    net::TcpStream,
    prelude::*,
    sync::channel::{Receiver, Sender},
};

/// A timeout that does not expire during a run.
const LONG: Duration = Duration::from_secs(3_600);

pub(super) fn turns(times: u64) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64) {
        match left {
            0 => cb.done(()),
            _ => cb.perform(turn(), move |cb, ()| next(cb, left - 1)),
        }
    }
    callback(move |cb| next(cb, times))
}

pub(super) fn spawns(times: u64) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64) {
        if left == 0 {
            return cb.done(());
        }
        let child = spawn(callback(|cb| cb.done(())));
        cb.perform(child, move |cb, joined| {
            joined.expect("the task is not cancelled");
            next(cb, left - 1)
        })
    }
    callback(move |cb| next(cb, times))
}

pub(super) fn send_and_receive(
    times: u64,
    there: Sender<u64>,
    back: Receiver<u64>,
) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, there: Sender<u64>, back: Receiver<u64>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(there.send(left), move |cb, sent| {
            sent.expect("the channel is open");
            cb.perform(back.recv(), move |cb, received| {
                received.expect("the channel is open");
                next(cb, left - 1, there, back)
            })
        })
    }
    callback(move |cb| next(cb, times, there, back))
}

pub(super) fn receive_and_send(
    times: u64,
    there: Receiver<u64>,
    back: Sender<u64>,
) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, there: Receiver<u64>, back: Sender<u64>) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(there.recv(), move |cb, received| {
            cb.perform(back.send(received.expect("the channel is open")), move |cb, sent| {
                sent.expect("the channel is open");
                next(cb, left - 1, there, back)
            })
        })
    }
    callback(move |cb| next(cb, times, there, back))
}

pub(super) fn sleeps(times: u64, duration: Duration) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, duration: Duration) {
        match left {
            0 => cb.done(()),
            _ => cb.perform(sleep(duration), move |cb, ()| next(cb, left - 1, duration)),
        }
    }
    callback(move |cb| next(cb, times, duration))
}

pub(super) fn timeouts(times: u64) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(timeout(LONG, turn()), move |cb, output| {
            output.expect("the timeout has not expired");
            next(cb, left - 1)
        })
    }
    callback(move |cb| next(cb, times))
}

pub(super) fn write_and_read(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, stream: TcpStream, byte: [u8; 1]) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(stream.write_all_owned(byte), move |cb, (written, byte)| {
            written.expect("the connection is open");
            cb.perform(stream.read_exact_owned(byte), move |cb, (read, byte)| {
                read.expect("the connection is open");
                next(cb, left - 1, stream, byte)
            })
        })
    }
    callback(move |cb| next(cb, times, stream, [7]))
}

pub(super) fn read_and_write(times: u64, stream: TcpStream) -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, left: u64, stream: TcpStream, byte: [u8; 1]) {
        if left == 0 {
            return cb.done(());
        }
        cb.perform(stream.read_exact_owned(byte), move |cb, (read, byte)| {
            read.expect("the connection is open");
            cb.perform(stream.write_all_owned(byte), move |cb, (written, byte)| {
                written.expect("the connection is open");
                next(cb, left - 1, stream, byte)
            })
        })
    }
    callback(move |cb| next(cb, times, stream, [0]))
}
