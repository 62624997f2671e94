//! Operations on zero bytes. On a stream they never wait. A datagram may have zero bytes.

use std::{
    future::poll_fn,
    io::{IoSlice, Read, Write},
};

use quadrivium::{
    green::Blocking,
    io::{Polled, pipe},
    net::{UdpSocket, UnixDatagram, UnixStream},
    prelude::*,
};

use crate::{
    Notes, Subject, TestLoop, body, in_destructor,
    sockets::{bytes, real_loop, tcp},
    turns,
};

laws! { ($) zero_bytes:
    /// On a TCP stream, moving zero bytes never waits, even if there is nothing to read and no room
    /// to write.
    never_wait_on_tcp;
    /// On a Unix stream, moving zero bytes never waits, even if there is nothing to read and no
    /// room to write.
    never_wait_on_unix_streams;
    /// On a pipe, moving zero bytes never waits, even if there is nothing to read and no room to
    /// write.
    never_wait_on_pipes;
    /// Moving zero bytes is no error after the other end is gone.
    are_no_error_after_the_other_end_is_gone;
    /// On a stream that is polled by hand, moving zero bytes never waits.
    never_wait_when_polled;
    /// On a stream that blocks, moving zero bytes never waits, also while its stack is unwound.
    never_wait_on_a_blocking_stream;
    /// A task that moves zero bytes again and again lets the other tasks run.
    let_other_tasks_run;
    /// A UDP datagram of zero bytes is sent. A receive into an empty buffer takes one datagram.
    are_sent_and_received_over_udp;
    /// A Unix datagram of zero bytes is sent. A receive into an empty buffer takes one datagram.
    are_sent_and_received_over_unix_datagrams;
}

/// Lets a read wait, and a write until it finds no room. Then cancels both.
macro_rules! exhaust {
    ($subject:expr, $event_loop:expr, $reader:expr, $writer:expr) => {
        let (reads, writes) = ($reader.clone(), $writer.clone());
        let reads = body().perform_then(move || reads.read_owned([0; 1]), drop);
        let writes = body().perform_then(move || writes.write_all_owned(bytes(1_000_000)), drop);
        let waits = [reads, writes].map(|body| $event_loop.spawn($subject.task(body)));
        turns(&mut $event_loop, 3);
        for it in waits {
            assert!(!it.is_finished(), "it has ended, but must wait");
            it.cancel();
        }
    };
}

/// Every operation on zero bytes, one after another.
macro_rules! operations_on_no_bytes {
    ($reader:expr, $writer:expr) => {{
        let (reader, writer) = ($reader.clone(), $writer.clone());
        let [one, two, three, four, five, six] = [(); 6].map(|()| reader.clone());
        let reads = body()
            .perform_eq(move || one.read(&mut []), 0)
            .perform_eq(move || two.read_owned([]), 0)
            .perform_ok(move || three.read_exact(&mut []))
            .perform_ok(move || four.read_exact_owned([]))
            .perform_eq(move || five.read_vectored(&mut []), 0)
            .perform_eq(move || six.read_vectored_owned([[], []]), 0);
        let [one, two, three, four, five, six] = [(); 6].map(|()| writer.clone());
        reads
            .perform_eq(move || one.write(&[]), 0)
            .perform_eq(move || two.write_owned([]), 0)
            .perform_ok(move || three.write_all(&[]))
            .perform_ok(move || four.write_all_owned([]))
            .perform_eq(move || five.write_vectored(&[]), 0)
            .perform_eq(move || six.write_vectored_owned(["", ""]), 0)
    }};
}

/// The task must be done in its first step.
fn at_once(event_loop: &mut TestLoop, task: impl Task<Output = ()> + 'static) {
    let task = event_loop.spawn(task);
    turns(event_loop, 1);
    assert!(task.is_finished(), "an operation on zero bytes must not wait");
    event_loop.block_on(task).unwrap().unwrap();
}

fn never_wait_on_tcp(subject: Subject) {
    let (mut event_loop, (one, _other)) = (real_loop(), tcp());
    one.set_send_buffer_size(1).unwrap();
    exhaust!(subject, event_loop, one, one);
    let (peeks, again) = (one.clone(), one.clone());
    let all = operations_on_no_bytes!(one, one)
        .perform_eq(move || peeks.peek(&mut []), 0)
        .perform_eq(move || again.peek_owned([]), 0);
    at_once(&mut event_loop, subject.task(all));
}

fn never_wait_on_unix_streams(subject: Subject) {
    let (mut event_loop, (one, _other)) = (real_loop(), UnixStream::pair().unwrap());
    exhaust!(subject, event_loop, one, one);
    at_once(&mut event_loop, subject.task(operations_on_no_bytes!(one, one)));
}

fn never_wait_on_pipes(subject: Subject) {
    let mut event_loop = real_loop();
    let ((reader, writer), (mute, full)) = (pipe().unwrap(), pipe().unwrap());
    exhaust!(subject, event_loop, reader, full);
    at_once(&mut event_loop, subject.task(operations_on_no_bytes!(reader, full)));
    drop((writer, mute));
}

fn are_no_error_after_the_other_end_is_gone(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = UnixStream::pair().unwrap();
    let ((reader, _), (_, writer)) = (pipe().unwrap(), pipe().unwrap());
    drop(other);
    at_once(&mut event_loop, subject.task(operations_on_no_bytes!(one, one)));
    at_once(&mut event_loop, subject.task(operations_on_no_bytes!(reader, writer)));
}

fn never_wait_when_polled(subject: Subject) {
    let (mut event_loop, (one, _other)) = (real_loop(), UnixStream::pair().unwrap());
    exhaust!(subject, event_loop, one, one);
    let mut one = Polled::new(one);
    let polls = future(async move {
        assert_eq!(poll_fn(|cx| one.poll_read(cx, &mut [])).await.unwrap(), 0);
        assert_eq!(poll_fn(|cx| one.poll_write(cx, &[])).await.unwrap(), 0);
        let slices = [IoSlice::new(&[]); 2];
        assert_eq!(poll_fn(|cx| one.poll_write_vectored(cx, &slices)).await.unwrap(), 0);
    });
    at_once(&mut event_loop, subject.task(body().perform(polls)));
}

/// Reads and writes zero bytes when it is dropped, also by a panic, and notes the results.
struct MovesNothing(Blocking<UnixStream>, Notes);

impl Drop for MovesNothing {
    fn drop(&mut self) {
        in_destructor(|| {
            let Self(stream, notes) = self;
            let read_exact = stream.read_exact(&mut []).map(|()| 0);
            for result in [
                read_exact,
                stream.read(&mut []),
                stream.write(&[]),
                stream.write_vectored(&[IoSlice::new(&[])]),
            ] {
                notes.add(format!("{result:?}"));
            }
        });
    }
}

fn never_wait_on_a_blocking_stream(subject: Subject) {
    let (mut event_loop, (one, _other)) = (real_loop(), UnixStream::pair().unwrap());
    exhaust!(subject, event_loop, one, one);
    let notes = Notes::default();
    let one = MovesNothing(Blocking::new(one), notes.clone());
    let again = MovesNothing(one.0.clone(), notes.clone());
    let moves = body().perform(green(move || drop(one)));
    at_once(&mut event_loop, subject.task(moves));
    assert_eq!(notes.lines(), ["Ok(0)"; 4]);
    let panics = body().perform(green(move || {
        let _again = again;
        panic!("the stack is unwound");
    }));
    let panics = event_loop.spawn(subject.task(panics));
    let error = event_loop.block_on(panics).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("the stack is unwound"));
    assert_eq!(notes.lines(), ["Ok(0)"; 8]);
}

fn let_other_tasks_run(subject: Subject) {
    let (notes, mut event_loop) = (Notes::default(), real_loop());
    let (one, _other) = tcp();
    let reads = body().repeat(1_000, move || one.read_owned([])).note(&notes, "has read nothing");
    let reads = event_loop.spawn(subject.task(reads));
    let others = body().perform(turn()).note(&notes, "had a turn");
    drop(event_loop.spawn(subject.task(others)));
    event_loop.block_on(reads).unwrap().unwrap();
    assert_eq!(notes.lines(), ["had a turn", "has read nothing"]);
}

/// A receive into an empty buffer waits for a datagram. One of zero bytes arrives, then one that is
/// cut off.
macro_rules! datagrams {
    ($subject:expr, $one:expr, $other:expr) => {{
        let mut event_loop = real_loop();
        let (one, other) = ($one, $other);
        let [first, second, third] = [(); 3].map(|()| one.clone());
        let receives = body()
            .perform_eq(move || first.recv_owned([]), 0)
            .perform_eq(move || second.recv_owned([]), 0)
            .perform_then(
                move || third.recv_owned([0; 4]),
                |(n, buffer)| {
                    assert_eq!(
                        (n.unwrap(), &buffer),
                        (4, b"last"),
                        "the two datagrams before must be taken"
                    );
                },
            );
        let receives = event_loop.start($subject.task(receives), 3);
        assert!(!receives.is_finished(), "the receive must wait for a datagram");
        let [first, second, third] = [(); 3].map(|()| other.clone());
        let sends = body()
            .perform_eq(move || first.send_owned(""), 0)
            .perform_eq(move || second.send_owned("cut"), 3)
            .perform_eq(move || third.send_owned("last"), 4);
        event_loop.block_on($subject.task(sends)).unwrap();
        event_loop.block_on(receives).unwrap().unwrap();
    }};
}

fn are_sent_and_received_over_udp(subject: Subject) {
    let [one, other] = [(); 2].map(|()| UdpSocket::bind(([127, 0, 0, 1], 0)).unwrap());
    one.connect(other.local_addr().unwrap()).unwrap();
    other.connect(one.local_addr().unwrap()).unwrap();
    datagrams!(subject, one, other);
}

fn are_sent_and_received_over_unix_datagrams(subject: Subject) {
    let (one, other) = UnixDatagram::pair().unwrap();
    datagrams!(subject, one, other);
}
