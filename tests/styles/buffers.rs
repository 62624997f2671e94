//! A buffered writer on a green thread whose stack is unwound. It writes the bytes that can be
//! written at once. Bytes that would have to wait are given up, and the process does not end.

use std::{
    io::{BufWriter, Read, Write},
    os::unix::net::UnixStream as StdStream,
    time::Duration,
};

use quadrivium::{
    green::{Blocking, perform},
    net::UnixStream,
    prelude::*,
};

/// Returns two connected ends. The second one is for threads.
fn pair() -> (UnixStream, StdStream) {
    let (one, other) = StdStream::pair().unwrap();
    other.set_nonblocking(true).unwrap();
    (UnixStream::from_std(one).unwrap(), other)
}

/// Fills the stream until no byte more fits.
fn fill(stream: UnixStream) -> UnixStream {
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(true).unwrap();
    while stream.write(&[7; 1000]).is_ok() {}
    UnixStream::from_std(stream).unwrap()
}

/// Returns a task that has three bytes in its buffer and sleeps.
fn sleeps_with_a_buffer(stream: UnixStream) -> impl Task<Output = ()> {
    green(move || {
        let mut writer = BufWriter::new(Blocking::new(stream));
        writer.write_all(b"end").unwrap();
        perform(sleep(Duration::MAX));
    })
}

#[test]
fn bytes_that_fit_are_written_in_a_cancel() {
    let (one, mut other) = pair();
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(sleeps_with_a_buffer(one));
    event_loop.turn().unwrap();
    event_loop.block_on(future(async move { task.cancel() })).unwrap();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "end");
}

#[test]
fn bytes_that_would_wait_are_given_up_in_a_cancel() {
    let (one, other) = pair();
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(sleeps_with_a_buffer(fill(one)));
    event_loop.turn().unwrap();
    event_loop.block_on(future(async move { task.cancel() })).unwrap();
    assert_eq!(event_loop.live(), 0);
    drop(other);
}

#[test]
fn bytes_that_fit_are_written_in_a_cancel_outside_a_run() {
    let (one, mut other) = pair();
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(sleeps_with_a_buffer(one));
    event_loop.turn().unwrap();
    task.cancel();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "end");
}

#[test]
fn bytes_that_fit_are_written_in_a_cancel_by_a_task_of_another_loop() {
    let (one, mut other) = pair();
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(sleeps_with_a_buffer(one));
    event_loop.turn().unwrap();
    let cancels = green(move || task.cancel());
    EventLoop::new().unwrap().block_on(cancels).unwrap();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "end");
}

#[test]
fn bytes_that_would_wait_are_given_up_in_a_cancel_outside_a_run() {
    let (one, other) = pair();
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(sleeps_with_a_buffer(fill(one)));
    event_loop.turn().unwrap();
    task.cancel();
    assert_eq!(event_loop.live(), 0);
    drop(other);
}

#[test]
fn bytes_that_would_wait_are_given_up_in_a_panic() {
    let (one, other) = pair();
    let one = fill(one);
    let panics = green(move || {
        let mut writer = BufWriter::new(Blocking::new(one));
        writer.write_all(b"end").unwrap();
        panic!("in the middle");
    });
    let mut event_loop = EventLoop::new().unwrap();
    let task = event_loop.spawn(panics);
    let error = event_loop.block_on(task).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("in the middle"));
    drop(other);
}
