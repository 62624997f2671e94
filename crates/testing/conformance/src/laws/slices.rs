//! Reads and writes with more slices than the kernel takes in one call, which is 1,024 on Linux.

use std::{
    future::poll_fn,
    io::{IoSlice, IoSliceMut},
};

use quadrivium::{
    io::{Polled, pipe},
    net::UnixStream,
    prelude::*,
};

use crate::{
    Subject, body,
    sockets::{real_loop, tcp},
};

laws! { ($) slices:
    /// On a TCP stream, a vectored operation with too many slices moves a part of them, and the
    /// next operation continues there.
    are_moved_in_parts_on_tcp;
    /// On a Unix stream, a vectored operation with too many slices moves a part of them, and the
    /// next operation continues there.
    are_moved_in_parts_on_unix_streams;
    /// In a pipe, a vectored operation with too many slices moves a part of them, and the next
    /// operation continues there.
    are_moved_in_parts_on_pipes;
    /// A stream that is polled by hand writes a part of too many slices, and continues there.
    are_written_in_parts_when_polled;
    /// Any number of slices without bytes may come first. The slices behind them are still read and
    /// written.
    without_bytes_are_skipped;
}

const MANY: usize = 1_025;

/// Writes and reads many slices, and then once more. Neither has to wait.
macro_rules! many_slices {
    ($subject:expr, $reader:expr, $writer:expr) => {{
        let mut event_loop = real_loop();
        let (reader, writer) = ($reader, $writer);
        let (more, last) = (writer.clone(), writer.clone());
        // In a future, since the slices are too large for the stack of a green thread.
        let many = || {
            future(async move {
                let slices = vec![IoSlice::new(b"x"); MANY];
                assert!((1..=MANY).contains(&more.write_vectored(&slices).await.unwrap()));
            })
        };
        let writes = body().perform_then(many, drop).perform_eq(move || last.write_owned("y"), 1);
        let writes = event_loop.start($subject.task(writes), 1);
        assert!(writes.is_finished(), "there is room: the write must not wait");
        // Now there are more bytes than slices.
        let fills = body().perform_ok(move || writer.write_all_owned([b'y'; MANY]));
        event_loop.block_on($subject.task(fills)).unwrap();
        let more = reader.clone();
        let many = || {
            future(async move {
                let mut buffers = vec![[0; 1]; MANY];
                let mut slices: Vec<_> =
                    buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
                assert!((1..=MANY).contains(&more.read_vectored(&mut slices).await.unwrap()));
            })
        };
        let reads =
            body().perform_then(many, drop).perform_eq(move || reader.read_owned([0; 1]), 1);
        let reads = event_loop.start($subject.task(reads), 1);
        assert!(reads.is_finished(), "there are bytes: the read must not wait");
        for it in [writes, reads] {
            event_loop.block_on(it).unwrap().unwrap();
        }
    }};
}

fn are_moved_in_parts_on_tcp(subject: Subject) {
    let (one, other) = tcp();
    many_slices!(subject, one, other);
}

fn are_moved_in_parts_on_unix_streams(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    many_slices!(subject, one, other);
}

fn are_moved_in_parts_on_pipes(subject: Subject) {
    let (reader, writer) = pipe().unwrap();
    many_slices!(subject, reader, writer);
}

fn are_written_in_parts_when_polled(subject: Subject) {
    let (mut event_loop, (one, _other)) = (real_loop(), tcp());
    let mut one = Polled::new(one);
    let writes = future(async move {
        let slices = vec![IoSlice::new(b"x"); MANY];
        let n = poll_fn(|cx| one.poll_write_vectored(cx, &slices)).await.unwrap();
        assert!((1..=MANY).contains(&n));
        assert_eq!(poll_fn(|cx| one.poll_write(cx, b"y")).await.unwrap(), 1);
    });
    let writes = event_loop.start(subject.task(body().perform(writes)), 1);
    assert!(writes.is_finished(), "there is room: the write must not wait");
    event_loop.block_on(writes).unwrap().unwrap();
}

/// As many slices without bytes as the kernel takes in one call, and one with bytes after them.
macro_rules! empty_slices_first {
    ($subject:expr, $reader:expr, $writer:expr) => {{
        let mut event_loop = real_loop();
        let (reader, writer) = ($reader, $writer);
        let reads = future(async move {
            let mut buffer = [0; 3];
            let mut slices: Vec<_> = (1..MANY).map(|_| IoSliceMut::new(&mut [])).collect();
            slices.push(IoSliceMut::new(&mut buffer));
            assert_eq!(reader.read_vectored(&mut slices).await.unwrap(), 3);
            assert_eq!(&buffer, b"abc");
        });
        let reads = event_loop.start($subject.task(body().perform(reads)), 2);
        assert!(!reads.is_finished(), "the read must wait: no byte has arrived");
        let writes = future(async move {
            let mut slices = vec![IoSlice::new(&[]); MANY];
            slices[MANY - 1] = IoSlice::new(b"abc");
            assert_eq!(writer.write_vectored(&slices).await.unwrap(), 3);
        });
        event_loop.block_on($subject.task(body().perform(writes))).unwrap();
        event_loop.block_on(reads).unwrap().unwrap();
    }};
}

fn without_bytes_are_skipped(subject: Subject) {
    let (one, other) = tcp();
    empty_slices_first!(subject, one, other);
    let (one, other) = UnixStream::pair().unwrap();
    empty_slices_first!(subject, one, other);
    let (reader, writer) = pipe().unwrap();
    empty_slices_first!(subject, reader, writer);
}
