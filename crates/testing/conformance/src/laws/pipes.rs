//! Pipes: their laws beside the laws of all streams of bytes (`byte_streams`).

use std::io::Read;

use quadrivium::{
    io::{PipeReader, PipeWriter, pipe},
    prelude::*,
};

use crate::{
    Subject, body,
    sockets::{bytes, real_loop},
};

laws! { ($) pipes:
    /// Bytes that are written to a pipe are read completely and in order, even a million of them.
    a_million_bytes_arrive_in_order;
    /// When the last writer is dropped, the reader reads the end of the stream.
    dropping_the_last_writer_ends_the_stream;
    /// `into_fd` returns a descriptor that blocks again.
    into_fd_returns_a_blocking_descriptor;
}

fn a_million_bytes_arrive_in_order(subject: Subject) {
    let mut event_loop = real_loop();
    let (reader, writer) = pipe().unwrap();
    let writes = body().perform_ok(move || writer.write_all_owned(bytes(1_000_000)));
    drop(event_loop.spawn(subject.task(writes)));
    let reads = body().perform_then(
        move || reader.read_to_end_owned(vec![9]),
        |(n, all)| {
            assert_eq!(n.unwrap(), 1_000_000);
            assert!(all[0] == 9 && all[1..] == bytes(1_000_000));
        },
    );
    event_loop.block_on(subject.task(reads)).unwrap();
}

fn dropping_the_last_writer_ends_the_stream(subject: Subject) {
    let mut event_loop = real_loop();
    let (reader, writer) = pipe().unwrap();
    let clone = writer.clone();
    let [first, last] = [0; 2].map(|_| reader.clone());
    let reads = body()
        .perform_read(move || first.read_owned(vec![0; 9]), b"hello")
        .perform_eq(move || last.read_owned([0; 9]), 0);
    let reads = event_loop.spawn(subject.task(reads));
    let writes = body().perform_ok(move || writer.write_all_owned("hello")).hold(clone);
    event_loop.block_on(subject.task(writes.perform(turn()))).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn into_fd_returns_a_blocking_descriptor(subject: Subject) {
    let (reader, writer) = pipe().unwrap();
    let writes = body().perform_ok(move || writer.write_all_owned("hello"));
    real_loop().block_on(subject.task(writes)).unwrap();
    let mut reader = std::io::PipeReader::from(reader.into_fd().unwrap());
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    // The descriptor can be used for a new reader.
    let reader = PipeReader::new(reader).unwrap();
    let reads = body().perform_eq(move || reader.read_owned([0; 1]), 0);
    real_loop().block_on(subject.task(reads)).unwrap();
    let _: fn(PipeWriter) -> _ = PipeWriter::into_fd;
}
