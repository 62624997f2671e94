//! The traits of tokio over our streams, in tasks of all styles.

use std::{
    io::IoSlice,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use futures::future::{Either, poll_fn, select};
use quadrivium::{
    future::perform,
    io::{Polled, pipe},
    net::{TcpStream, UnixStream},
    prelude::*,
};
use quadrivium_conformance::{Subject, body, styles};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Runs a test in each style.
fn in_every_style(test: impl Fn(Subject)) {
    styles::ALL.into_iter().for_each(|style| test(style.into()));
}

/// Performs two futures side by side, each in a task of the style.
fn run(
    subject: Subject,
    one: impl Future<Output = ()> + 'static,
    other: impl Future<Output = ()> + 'static,
) {
    let mut event_loop = EventLoop::new().unwrap();
    let one = event_loop.spawn(subject.task(body().perform(future(one))));
    let other = event_loop.spawn(subject.task(body().perform(future(other))));
    event_loop.block_on(one).unwrap().unwrap();
    event_loop.block_on(other).unwrap().unwrap();
}

fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % 251) as u8).collect()
}

const MANY: usize = 1_000_000;

fn tcp() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let one = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, _) = listener.accept().unwrap();
    (TcpStream::from_std(one).unwrap(), TcpStream::from_std(other).unwrap())
}

/// Through a copy from one kind of stream to another kind, and a shutdown of each.
#[test]
fn a_copy_moves_every_byte_and_the_end() {
    in_every_style(|subject| {
        let ((begin, from), (reader, writer)) = (tcp(), pipe().unwrap());
        let copies = async move {
            let (mut from, mut to) = (Polled::new(from), Polled::new(writer));
            assert_eq!(tokio::io::copy(&mut from, &mut to).await.unwrap(), MANY as u64);
        };
        let ends = async move {
            let writes = future(async move {
                let mut begin = Polled::new(begin);
                begin.write_all(&bytes(MANY)).await.unwrap();
                begin.flush().await.unwrap();
                begin.shutdown().await.unwrap();
                // The stream exists until the end, so the shutdown is what ends the copy.
                begin
            });
            let reads = future(async move {
                let mut all = Vec::new();
                Polled::new(reader).read_to_end(&mut all).await.unwrap();
                all
            });
            let (begin, all) = join(writes, reads).await;
            assert!(all == bytes(MANY));
            drop(begin);
        };
        run(subject, copies, ends);
    });
}

/// The two halves are in different tasks, and both wait.
#[test]
fn both_halves_of_a_stream_wait_at_once() {
    in_every_style(|subject| {
        let (one, other) = UnixStream::pair().unwrap();
        let (mut reads, mut writes) = tokio::io::split(Polled::new(one));
        let all = async move {
            let mut buffer = vec![0; MANY];
            reads.read_exact(&mut buffer).await.unwrap();
            assert!(buffer == bytes(MANY));
        };
        let echo = async move {
            let writing = future(async move { writes.write_all(&bytes(MANY)).await.unwrap() });
            let echoing = future(async move {
                // The writer has to wait for room, and the reader for bytes.
                sleep(Duration::from_millis(1)).await;
                let mut other = Polled::new(other);
                let mut buffer = vec![0; MANY];
                other.read_exact(&mut buffer).await.unwrap();
                other.write_all(&buffer).await.unwrap();
            });
            join(writing, echoing).await;
        };
        run(subject, all, echo);
    });
}

#[test]
fn a_read_that_loses_a_race_takes_nothing() {
    in_every_style(|subject| {
        let (one, other) = UnixStream::pair().unwrap();
        let reads = async move {
            let (mut one, mut buffer) = (Polled::new(one), [0; 9]);
            let late = {
                let (reading, sleeping) = (pin!(one.read(&mut buffer)), pin!(perform(turn())));
                matches!(select(reading, sleeping).await, Either::Right(_))
            };
            assert!(late, "there are no bytes yet");
            let n = one.read(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..n], b"whole");
        };
        let writes = async move {
            sleep(Duration::from_millis(5)).await;
            other.write_all(b"whole").await.unwrap();
        };
        run(subject, reads, writes);
    });
}

#[test]
fn a_read_fills_the_rest_of_its_buffer() {
    in_every_style(|subject| {
        let (one, other) = UnixStream::pair().unwrap();
        let reads = async move {
            let mut one = Polled::new(one);
            let mut memory = [0; 8];
            let mut buffer = ReadBuf::new(&mut memory);
            buffer.put_slice(b"abc");
            poll_fn(|cx| Pin::new(&mut one).poll_read(cx, &mut buffer)).await.unwrap();
            assert_eq!((buffer.filled(), buffer.remaining()), (&b"abcde"[..], 3));
        };
        let writes = async move { other.write_all(b"de").await.unwrap() };
        run(subject, reads, writes);
    });
}

#[test]
fn slices_are_written_together() {
    in_every_style(|subject| {
        let (one, other) = UnixStream::pair().unwrap();
        let writes = async move {
            let mut one = Polled::new(one);
            assert!(one.is_write_vectored());
            let slices = [IoSlice::new(b"one "), IoSlice::new(b"and two")];
            let poll = poll_fn(|cx| match Pin::new(&mut one).poll_write_vectored(cx, &slices) {
                Poll::Ready(written) => Poll::Ready(written.unwrap()),
                Poll::Pending => Poll::Pending,
            });
            assert_eq!(poll.await, 11);
        };
        let reads = async move {
            let mut all = String::new();
            Polled::new(other).read_to_string(&mut all).await.unwrap();
            assert_eq!(all, "one and two");
        };
        run(subject, writes, reads);
    });
}
