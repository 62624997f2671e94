//! Operations on sockets that are dropped while they wait. They lose nothing and leave nothing
//! behind.

use std::time::Duration;

use quadrivium::{
    event_loop::Turned,
    net::TcpStream,
    prelude::*,
    sync::Notify,
    task::{BoxTask, Either},
};

use super::deadlock::expect_deadlock;
use crate::{
    Probe, Subject, TestLoop, body,
    sockets::{bytes, listener, real_loop, tcp},
    turns,
};

laws! { ($) socket_cancels:
    /// After a cancelled accept the listener still accepts, and no connection was lost to the
    /// cancelled one.
    of_an_accept_lose_no_connection;
    /// After a cancelled read, the next read returns the bytes that came in the meantime.
    of_a_read_lose_no_bytes;
    /// After a cancelled write that had written a part, the socket can still be written.
    of_a_write_leave_a_usable_socket;
    /// A cancelled connect closes its socket. Another one connects.
    of_a_connect_close_its_socket;
    /// A timeout around a read leaves no waker and no deadline behind.
    by_a_timeout_leave_nothing_registered on Deadlocks;
    /// A race of reads returns the first that has bytes, and loses no bytes of the other.
    by_a_race_lose_no_bytes;
    /// A read that has lost a race no longer wakes its task.
    by_a_race_cause_no_later_wake;
    /// If one of two tasks that wait for the same socket is cancelled, the other continues.
    of_one_reader_let_the_other_continue;
}

/// Lets a task wait, and cancels it.
fn cancel(event_loop: &mut TestLoop, task: BoxTask<()>) {
    let handle = event_loop.spawn(task);
    turns(event_loop, 2);
    assert!(!handle.is_finished(), "it has ended, but must wait");
    handle.cancel();
    assert_eq!(turns(event_loop, 1), Turned::Empty, "a cancelled task must leave nothing behind");
}

/// A task that reads this number of bytes, which must be those of [`bytes`].
fn reads(subject: Subject, stream: &TcpStream, n: usize) -> BoxTask<()> {
    let stream = stream.clone();
    let read = move || stream.read_exact_owned(vec![0; n]);
    subject.task(body().perform_read_exact(read, bytes(n)))
}

/// A task that writes this number of bytes, waiting in between if necessary.
fn writes(subject: Subject, stream: &TcpStream, n: usize) -> BoxTask<()> {
    let stream = stream.clone();
    subject.task(body().perform_ok(move || stream.write_all_owned(bytes(n))))
}

fn of_an_accept_lose_no_connection(subject: Subject) {
    let mut event_loop = real_loop();
    let (listener, address) = listener();
    let (cancelled, accepts) = (listener.clone(), listener);
    let waits = body().perform_then(move || cancelled.accept(), drop);
    cancel(&mut event_loop, subject.task(waits));
    let accepted = event_loop.spawn(subject.task(body().perform_ok(move || accepts.accept())));
    let connects = body().perform_ok(move || TcpStream::connect(address));
    event_loop.block_on(subject.task(connects)).unwrap();
    event_loop.block_on(accepted).unwrap().unwrap();
}

fn of_a_read_lose_no_bytes(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    cancel(&mut event_loop, reads(subject, &one, 5));
    event_loop.block_on(writes(subject, &other, 5)).unwrap();
    event_loop.block_on(reads(subject, &one, 5)).unwrap();
}

fn of_a_write_leave_a_usable_socket(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    one.set_send_buffer_size(1).unwrap();
    cancel(&mut event_loop, writes(subject, &one, 1_000_000));
    // A part of the bytes is written already, and these follow it.
    let last = one.clone();
    let ends = body()
        .perform_ok(move || last.write_all_owned([255]))
        .run(move || one.shutdown(std::net::Shutdown::Write).unwrap());
    drop(event_loop.spawn(subject.task(ends)));
    let all = future(async move {
        let (mut all, mut buffer) = (Vec::<u8>::new(), [0; 4096]);
        loop {
            match other.read(&mut buffer).await.unwrap() {
                0 => return all,
                n => all.extend(&buffer[..n]),
            }
        }
    });
    let all = event_loop.block_on(all).unwrap();
    let (last, before) = all.split_last().unwrap();
    assert!(*last == 255 && before == bytes(before.len()));
}

fn of_a_connect_close_its_socket(subject: Subject) {
    let mut event_loop = real_loop();
    let (listener, address) = listener();
    let connects = || subject.task(body().perform_ok(move || TcpStream::connect(address)));
    // On loopback it may be connected already. Then this is a cancel before the start.
    let handle = event_loop.spawn(connects());
    handle.cancel();
    let handle = event_loop.start(connects(), 1);
    handle.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    event_loop.block_on(connects()).unwrap();
    drop(listener);
}

fn by_a_timeout_leave_nothing_registered(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let reads_one = one.clone();
    let waits = body().perform_then(
        move || timeout(Duration::from_millis(1), reads_one.read_owned([0; 9])),
        |read| assert!(read.is_err(), "the timeout must end the read"),
    );
    event_loop.block_on(subject.task(waits)).unwrap();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    // No task waits for the socket, so this is certainly a deadlock.
    let notify = Notify::new();
    let stuck = event_loop.block_on(subject.task(body().perform(notify.notified())));
    expect_deadlock(stuck);
    event_loop.block_on(writes(subject, &other, 5)).unwrap();
    event_loop.block_on(reads(subject, &one, 5)).unwrap();
}

fn by_a_race_lose_no_bytes(subject: Subject) {
    let mut event_loop = real_loop();
    let ((a, to_a), (b, to_b)) = (tcp(), tcp());
    let (first, second) = (a.clone(), b.clone());
    let waits = body().perform_then(
        move || race(first.read_owned(vec![0; 9]), second.read_owned(vec![0; 9])),
        |first| match first {
            Either::Left(_) => panic!("no byte was written to the first stream"),
            Either::Right((n, buffer)) => assert_eq!(buffer[..n.unwrap()], bytes(3)),
        },
    );
    let waits = event_loop.start(subject.task(waits), 1);
    event_loop.block_on(writes(subject, &to_b, 3)).unwrap();
    event_loop.block_on(waits).unwrap().unwrap();
    event_loop.block_on(writes(subject, &to_a, 4)).unwrap();
    event_loop.block_on(reads(subject, &a, 4)).unwrap();
    drop(b);
}

fn by_a_race_cause_no_later_wake(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let (probe, loser) = (Probe::default(), one.clone());
    let waits = body()
        .perform_then(move || race(loser.read_owned([0; 1]), turn()), drop)
        .perform(probe.waits());
    let _waits = event_loop.start(subject.task(waits), 3);
    event_loop.block_on(writes(subject, &other, 1)).unwrap();
    // Another task reads the byte.
    event_loop.block_on(reads(subject, &one, 1)).unwrap();
    turns(&mut event_loop, 3);
    assert_eq!(probe.resumes(), 1);
}

fn of_one_reader_let_the_other_continue(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let first = event_loop.spawn(reads(subject, &one, 5));
    let second = event_loop.start(reads(subject, &one, 5), 2);
    first.cancel();
    event_loop.block_on(writes(subject, &other, 5)).unwrap();
    event_loop.block_on(second).unwrap().unwrap();
    // Both tasks wait and both are woken. One of them finds nothing and waits again.
    let [first, second] = [3, 3].map(|n| event_loop.spawn(reads(subject, &one, n)));
    turns(&mut event_loop, 2);
    event_loop.block_on(writes(subject, &other, 3)).unwrap();
    event_loop.block_on(first).unwrap().unwrap();
    assert!(!second.is_finished());
    event_loop.block_on(writes(subject, &other, 3)).unwrap();
    event_loop.block_on(second).unwrap().unwrap();
}
