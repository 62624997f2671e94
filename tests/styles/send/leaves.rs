//! The leaves and combinators that a task that is `Send` may perform. The compiler checks them.

use std::{cell::Cell, time::Duration};

use quadrivium::{
    callback, dns,
    fs::File,
    future::{future, perform},
    generator,
    io::{self, Interest, PipeReader, PipeWriter},
    net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream},
    prelude::*,
    process::{Child, Command},
    signal::Signals,
    task::{Step, Wait},
    thread::offload,
    time::{block_for, sleep_until},
};
use quadrivium_conformance::leaf;

fn is_send<T: Task + Send>(_: T) {}

/// Returns a task that is `Send` but not `Sync`.
fn not_sync() -> impl Task<Output = u32> + Send {
    let n = Cell::new(0);
    leaf(move |_| match n.replace(1) {
        0 => Step::Suspended(Wait::Turn),
        n => Step::Done(n),
    })
}

#[test]
fn leaves_of_time_and_combinators_are_send() {
    is_send(turn());
    is_send(sleep(Duration::MAX));
    let _ = |now| is_send(sleep_until(now));
    is_send(block_for(Duration::ZERO));
    is_send(join(turn(), not_sync()));
    is_send(join_all([not_sync(), not_sync()]));
    is_send(race(turn(), not_sync()));
    is_send(timeout(Duration::ZERO, not_sync()));
}

#[test]
fn leaves_that_the_operating_system_wakes_are_send() {
    let _ = |listener: TcpListener| is_send(listener.accept());
    let _ = |stream: TcpStream| {
        is_send(stream.read(&mut [0]));
        is_send(stream.write_all(b""));
        is_send(stream.write_all_owned(Vec::new()));
    };
    let _ = |socket: UdpSocket| {
        is_send(socket.recv_from(&mut [0]));
        is_send(socket.recv_owned(vec![0]));
    };
    let _ = |listener: UnixListener| is_send(listener.accept());
    let _ = |stream: UnixStream| is_send(stream.read_to_end(&mut Vec::new()));
    let _ = |socket: UnixDatagram| is_send(socket.recv(&mut [0]));
    let _ = |reader: PipeReader, writer: PipeWriter| {
        is_send(reader.read(&mut [0]));
        is_send(io::ready(&writer, Interest::Writable));
    };
    is_send(TcpStream::connect("localhost:1"));
    let _ = |signals: Signals| is_send(signals.next());
    is_send(Command::new("true").status());
    is_send(Command::new("true").output());
    let _ = |mut child: Child| is_send(child.wait());
}

#[test]
fn leaves_of_work_on_other_threads_are_send() {
    is_send(offload(|| 42));
    is_send(dns::lookup("localhost:1"));
    is_send(File::open("no such file"));
    let _ = |file: File| is_send(file.read(&mut [0]));
}

/// Each style whose tasks are `Send` performs tasks of each such style.
#[test]
fn tasks_of_each_send_style_are_send() {
    is_send(callback::send::callback(|cb| {
        cb.perform(future(async { perform(not_sync()).await }), |cb, n| cb.done(n));
    }));
    is_send(generator::send::generator(|mut co| async move {
        co.perform(callback::send::callback(|cb| cb.done(1))).await + co.perform(not_sync()).await
    }));
    is_send(future(async {
        perform(generator::send::generator(|mut co| async move { co.perform(turn()).await })).await
    }));
}
