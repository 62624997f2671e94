//! Streams of bytes. Each law is checked on all kinds: TCP sockets, Unix streams, pipes and
//! connections in memory. So a connection in a simulation behaves as one of the kernel does.

use std::io::{self, ErrorKind};

use quadrivium::{event_loop::Turned, prelude::*};

use crate::{
    Body, Notes, Subject, body,
    byte_stream::{StreamEnd, StreamKind, on_every_kind},
    sockets::{bytes, real_loop},
    turns,
};

laws! { ($) byte_streams:
    /// A message larger than the buffers is written in parts. It arrives whole and in order,
    /// with reads of any size.
    more_than_the_buffers_hold_arrives_in_order;
    /// Both ends can write more than the buffers hold and read it, all at the same time.
    both_directions_work_at_once;
    /// A read waits for the first byte only. It returns the bytes that have arrived, at most as
    /// many as its buffer has room for.
    a_read_returns_the_bytes_that_have_arrived;
    /// A read or write of zero bytes is done at once, even if there is nothing to read or no room
    /// to write.
    zero_bytes_never_wait;
    /// An end that has closed its writing half can still read. The other end reads the bytes that
    /// are left, then the end of the stream every time, and can still write.
    a_half_closed_stream_works_in_the_other_direction;
    /// A write at an end that has closed its writing half fails with `BrokenPipe`.
    a_write_after_close_write_fails;
    /// A `read_exact` fails with `UnexpectedEof` if the stream ends too early. The next read
    /// returns the end of the stream.
    read_exact_fails_at_an_early_end;
    /// When the other end is gone, the bytes that it wrote can still be read, and then the end of
    /// the stream every time. A write fails with `BrokenPipe` and raises no signal. On TCP the
    /// first write succeeds, since only the reply to it reports the closed end.
    a_dropped_end_leaves_its_bytes_then_the_end;
    /// Dropping a socket that has unread bytes resets the connection. The other end first reads the
    /// bytes that were written to it. Then one operation fails, and after that the stream has
    /// ended.
    dropping_unread_bytes_resets_the_connection;
    /// A read that waits is woken when the other end closes its writing half.
    close_write_wakes_a_reader;
    /// A write that waits for room fails when the other end is dropped.
    a_drop_wakes_a_writer;
    /// A read that is cancelled while it waits takes no bytes and leaves nothing registered.
    a_cancelled_read_takes_no_bytes;
    /// A write that is cancelled while it waits writes nothing, and the stream still works.
    a_cancelled_write_writes_nothing;
    /// A task that always finds bytes, or room for them, still lets the other tasks run.
    a_task_that_never_waits_lets_others_run;
}

/// Performs one read, which must return exactly these bytes.
fn reads(body: Body, end: &StreamEnd, most: usize, wanted: impl Into<Vec<u8>>) -> Body {
    let (end, wanted) = (end.clone(), wanted.into());
    body.perform_then(move || end.read(most), move |read| assert_eq!(text(read), Ok(lossy(wanted))))
}

/// Performs one read, which must fail.
fn read_fails(body: Body, end: &StreamEnd, wanted: ErrorKind) -> Body {
    let end = end.clone();
    body.perform_err(move || end.read(9), wanted)
}

/// Reads these bytes, in any number of pieces.
fn reads_exactly(body: Body, end: &StreamEnd, wanted: impl Into<Vec<u8>>) -> Body {
    let (end, wanted) = (end.clone(), wanted.into());
    let n = wanted.len();
    body.perform_then(
        move || end.read_exact(n),
        move |read| {
            assert!(read.unwrap() == wanted, "the {n} bytes read differ from those written")
        },
    )
}

fn writes_all(body: Body, end: &StreamEnd, bytes: impl Into<Vec<u8>>) -> Body {
    let (end, bytes) = (end.clone(), bytes.into());
    body.perform_ok(move || end.write_all(bytes))
}

fn write_fails(body: Body, end: &StreamEnd, wanted: ErrorKind) -> Body {
    let end = end.clone();
    body.perform_err(move || end.write("must fail"), wanted)
}

fn text(read: io::Result<Vec<u8>>) -> Result<String, ErrorKind> {
    read.map(lossy).map_err(|error| error.kind())
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// More bytes than the buffers of any kind of stream hold.
fn large_size(subject: Subject) -> usize {
    if subject.is_pair() { 300_000 } else { 1_000_000 }
}

fn more_than_the_buffers_hold_arrives_in_order(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let n = large_size(subject);
        let sends = writes_all(body(), &one, bytes(n)).run(move || drop(one));
        drop(event_loop.spawn(subject.task(sends)));
        // The sizes of the reads match no buffer size, and one read is larger than all buffers.
        let mut from = 0;
        let receives = [1, 4095, 17, 65_537, n - 69_650].into_iter().fold(body(), |body, some| {
            from += some;
            reads_exactly(body, &other, &bytes(n)[from - some..from])
        });
        event_loop.block_on(subject.task(reads(receives, &other, 9, ""))).unwrap();
    });
}

fn both_directions_work_at_once(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let n = large_size(subject) / 3;
        let tasks = [one, other].map(|end| {
            let both = [writes_all(body(), &end, bytes(n)), reads_exactly(body(), &end, bytes(n))];
            both.map(|body| event_loop.spawn(subject.task(body)))
        });
        tasks.into_iter().flatten().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    });
}

fn a_read_returns_the_bytes_that_have_arrived(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let task = reads(writes_all(body(), &one, "hello"), &other, 3, "hel");
        event_loop.block_on(subject.task(reads(task, &other, 9, "lo"))).unwrap();
        let waits = event_loop.start(subject.task(reads(body(), &other, 9, "!")), 3);
        assert!(!waits.is_finished(), "there is nothing to read");
        event_loop.block_on(subject.task(writes_all(body(), &one, "!"))).unwrap();
        event_loop.block_on(waits).unwrap().unwrap();
    });
}

fn zero_bytes_never_wait(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, _other)| {
        // A read that waits and a write that finds no room are cancelled.
        let (waits, fills) = (one.clone(), one.clone());
        let waits = body().perform_then(move || waits.read(1), drop);
        let fills = body().perform_then(move || fills.write_all(bytes(1_000_000)), drop);
        let both = [waits, fills].map(|body| event_loop.spawn(subject.task(body)));
        turns(&mut event_loop, 3);
        for task in both {
            assert!(!task.is_finished(), "it has ended, but must wait");
            task.cancel();
        }
        let nothing = reads_exactly(reads(body(), &one, 0, ""), &one, "");
        let nothing = writes_all(nothing, &one, "").perform_eq(move || one.write(""), 0);
        let nothing = event_loop.start(subject.task(nothing), 1);
        assert!(nothing.is_finished(), "reads and writes of zero bytes must not wait");
        event_loop.block_on(nothing).unwrap().unwrap();
    });
}

fn a_half_closed_stream_works_in_the_other_direction(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let closes = one.clone();
        let first = writes_all(body(), &one, "last words").run(move || closes.close_write());
        let first = reads(reads_exactly(first, &one, "answer"), &one, 9, "");
        let second = reads_exactly(body(), &other, "last words");
        let second = reads(reads(second, &other, 9, ""), &other, 9, "");
        let second = writes_all(second, &other, "answer").run(move || other.close_write());
        let second = event_loop.spawn(subject.task(second));
        event_loop.block_on(subject.task(first)).unwrap();
        event_loop.block_on(second).unwrap().unwrap();
    });
}

fn a_write_after_close_write_fails(subject: Subject) {
    on_every_kind(|kind, mut event_loop, (one, other)| {
        one.close_write();
        // Only a pipe drops its writer, so there is nothing left to write with.
        if kind != StreamKind::Pipes {
            let writes = write_fails(body(), &one, ErrorKind::BrokenPipe);
            let writes = write_fails(writes, &one, ErrorKind::BrokenPipe);
            event_loop.block_on(subject.task(writes)).unwrap();
        }
        let goes_on = reads(writes_all(body(), &other, "yes"), &one, 9, "yes");
        real_loop().block_on(subject.task(goes_on)).unwrap();
    });
}

fn read_exact_fails_at_an_early_end(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let too_many = one.clone();
        let ends_early =
            body().perform_err(move || too_many.read_exact(4), ErrorKind::UnexpectedEof);
        let ends_early = event_loop.start(subject.task(reads(ends_early, &one, 9, "")), 2);
        // The bytes and the end come in one event.
        let writes = writes_all(body(), &other, "abc").run(move || drop(other));
        event_loop.block_on(subject.task(writes)).unwrap();
        event_loop.block_on(ends_early).unwrap().unwrap();
    });
}

fn a_dropped_end_leaves_its_bytes_then_the_end(subject: Subject) {
    on_every_kind(|kind, mut event_loop, (one, other)| {
        let goes = writes_all(body(), &other, "bye").run(move || drop(other));
        event_loop.block_on(subject.task(goes)).unwrap();
        let receives = reads(reads_exactly(body(), &one, "bye"), &one, 9, "");
        event_loop.block_on(subject.task(reads(receives, &one, 9, ""))).unwrap();
        let writes = one.clone();
        match kind {
            StreamKind::Tcp | StreamKind::InMemory => {
                event_loop.block_on(subject.task(writes_all(body(), &one, "answered"))).unwrap();
            }
            StreamKind::Unix | StreamKind::Pipes => {}
        }
        // The peer's reply may take a moment. Also, a child process that another test is just
        // starting has inherited all our descriptors, and keeps them open until it runs its
        // program.
        let until_it_is_known = future(async move {
            while quadrivium::future::perform(writes.write("1")).await.is_ok() {
                turn().await;
            }
        });
        event_loop.block_on(until_it_is_known).unwrap();
        let writes = write_fails(body(), &one, ErrorKind::BrokenPipe);
        let writes = write_fails(writes, &one, ErrorKind::BrokenPipe);
        event_loop.block_on(subject.task(reads(writes, &one, 9, ""))).unwrap();
    });
}

fn dropping_unread_bytes_resets_the_connection(subject: Subject) {
    on_every_kind(|kind, mut event_loop, (one, other)| {
        let goes = writes_all(writes_all(body(), &other, "arrived"), &one, "unread");
        // One byte is read first, so the bytes that stay unread have certainly arrived.
        let goes = reads(goes, &other, 1, "u").run(move || drop(other));
        event_loop.block_on(subject.task(goes)).unwrap();
        let receives = reads_exactly(body(), &one, "arrived");
        let receives = match kind {
            // The two directions are separate pipes, so nothing is reset.
            StreamKind::Pipes => receives,
            StreamKind::Tcp | StreamKind::Unix | StreamKind::InMemory => {
                read_fails(receives, &one, ErrorKind::ConnectionReset)
            }
        };
        let receives = reads(reads(receives, &one, 9, ""), &one, 9, "");
        let writes = write_fails(receives, &one, ErrorKind::BrokenPipe);
        event_loop.block_on(subject.task(reads(writes, &one, 9, ""))).unwrap();
    });
}

fn close_write_wakes_a_reader(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let waits = event_loop.start(subject.task(reads(body(), &one, 9, "")), 2);
        let closes = body().run(move || other.close_write());
        event_loop.block_on(subject.task(closes)).unwrap();
        event_loop.block_on(waits).unwrap().unwrap();
    });
}

fn a_drop_wakes_a_writer(subject: Subject) {
    on_every_kind(|kind, mut event_loop, (one, other)| {
        let wanted = match kind {
            StreamKind::Tcp | StreamKind::InMemory => ErrorKind::ConnectionReset,
            StreamKind::Unix | StreamKind::Pipes => ErrorKind::BrokenPipe,
        };
        let waits = body().perform_err(move || one.write_all(bytes(1_000_000)), wanted);
        let waits = event_loop.start(subject.task(waits), 3);
        assert!(!waits.is_finished(), "there is no room");
        let goes = reads(body(), &other, 1, bytes(1)).run(move || drop(other));
        event_loop.block_on(subject.task(goes)).unwrap();
        event_loop.block_on(waits).unwrap().unwrap();
    });
}

fn a_cancelled_read_takes_no_bytes(subject: Subject) {
    on_every_kind(|_, mut event_loop, (one, other)| {
        let waits = event_loop.start(subject.task(reads(body(), &one, 9, "")), 2);
        waits.cancel();
        assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
        let goes_on = reads(writes_all(body(), &other, "kept"), &one, 9, "kept");
        event_loop.block_on(subject.task(goes_on)).unwrap();
    });
}

fn a_cancelled_write_writes_nothing(subject: Subject) {
    const FILL: usize = 1_000_000;
    on_every_kind(|_, mut event_loop, (one, other)| {
        let (fills, waits) = (one.clone(), one.clone());
        let fills = body().perform_then(move || fills.write_all(bytes(FILL)), drop);
        let waits = body().perform_then(move || waits.write([255; 10]), drop);
        for body in [fills, waits] {
            let task = event_loop.start(subject.task(body), 3);
            assert!(!task.is_finished(), "there is no room");
            task.cancel();
        }
        assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
        let all = event_loop.spawn(future(async move {
            let mut all = Vec::new();
            loop {
                match quadrivium::future::perform(other.read(65_536)).await.unwrap() {
                    bytes if bytes.is_empty() => return all,
                    bytes => all.extend(bytes),
                }
            }
        }));
        let goes_on = writes_all(body(), &one, [254; 10]).run(move || one.close_write());
        event_loop.block_on(subject.task(goes_on)).unwrap();
        let all = event_loop.block_on(all).unwrap().unwrap();
        let (filled, last) = all.split_at(all.len() - 10);
        assert!(!filled.is_empty() && filled == &bytes(FILL)[..filled.len()]);
        assert_eq!(last, [254; 10]);
    });
}

fn a_task_that_never_waits_lets_others_run(subject: Subject) {
    // Few enough that a Unix stream has room for them: it counts writes more than bytes.
    const N: usize = 100;
    on_every_kind(|_, mut event_loop, (one, other)| {
        let notes = Notes::default();
        let write = move || one.write("1");
        let read = move || other.read(1);
        let never_waits = [
            subject.task(body().repeat(N, write).note(&notes, "has written all")),
            subject.task(body().repeat(N, read).note(&notes, "has read all")),
        ];
        for task in never_waits {
            let never_waits = event_loop.spawn(task);
            let others = body().note(&notes, "had a turn");
            drop(event_loop.spawn(subject.task(others)));
            event_loop.block_on(never_waits).unwrap().unwrap();
        }
        let lines = ["had a turn", "has written all", "had a turn", "has read all"];
        assert_eq!(notes.lines(), lines);
    });
}
