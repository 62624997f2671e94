//! Streams that are polled, as crates for futures do it: `io::Polled` over sockets and pipes.

use std::{
    cell::RefCell,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use quadrivium::{
    io::{AttemptRead, AttemptWrite, Attempts, Polled, pipe},
    net::UnixStream,
    prelude::*,
};

use crate::{
    Subject, TestLoop, body,
    sockets::{bytes, real_loop, tcp},
    turns,
    wakers::WakeCount,
};

laws! { ($) polled_streams:
    /// Many bytes arrive whole and in order on every kind of stream, whether a poll moves many of
    /// them or one.
    move_many_bytes;
    /// `into_inner` gives a pending poll up: it leaves no waker and has read nothing. Then the
    /// leaves of the stream can be performed again.
    may_be_unwrapped_while_a_poll_is_pending;
    /// A drop leaves no waker with the other owners of the stream.
    leave_no_waker_when_dropped;
    /// Each direction has a waker of its own: bytes wake the reading task, room wakes the writing
    /// task.
    keep_a_waker_for_each_direction;
    /// If two tasks poll one after another, only the last one is woken, and no waker of the first
    /// one is left.
    wake_the_task_that_polled_last;
    /// After `end_writing`, the other end of a socket reads the end. A pipe ends with the drop.
    end_for_the_other_end;
}

const MANY: usize = 500_000;

/// More polls in a row than a task may make without giving way.
const MANY_POLLS: usize = 1_000;

/// Writes to one end, and reads from the other.
macro_rules! moves {
    ($subject:expr, $reader:expr, $writer:expr) => {{
        let (mut event_loop, reader, writer) = (real_loop(), $reader, $writer);
        let writes = event_loop.spawn($subject.task(body().perform(write_all(writer, MANY))));
        let reads =
            body().perform_then(move || read_all(reader), |all| assert!(all == bytes(MANY)));
        event_loop.block_on($subject.task(reads)).unwrap();
        event_loop.block_on(writes).unwrap().unwrap();
    }};
}

fn write_all<S: AttemptWrite>(stream: S, n: usize) -> impl Task<Output = ()> {
    let (mut stream, bytes) = (Polled::new(stream), bytes(n));
    future(async move {
        let mut written = 0;
        while written < n {
            written += poll_fn(|cx| stream.poll_write(cx, &bytes[written..])).await.unwrap();
        }
    })
}

fn read_all<S: AttemptRead>(stream: S) -> impl Task<Output = Vec<u8>> {
    let mut stream = Polled::new(stream);
    future(async move {
        let (mut all, mut buffer) = (Vec::new(), [0; 9_000]);
        loop {
            let room = if all.len() < MANY_POLLS { 1 } else { buffer.len() };
            match poll_fn(|cx| stream.poll_read(cx, &mut buffer[..room])).await.unwrap() {
                0 => return all,
                n => all.extend_from_slice(&buffer[..n]),
            }
        }
    })
}

fn move_many_bytes(subject: Subject) {
    let (one, other) = tcp();
    moves!(subject, one, other);
    let (one, other) = UnixStream::pair().unwrap();
    moves!(subject, one, other);
    let (reader, writer) = pipe().unwrap();
    moves!(subject, reader, writer);
}

type Shared<S> = Rc<RefCell<Polled<S>>>;

fn polled<S: Attempts>(stream: S) -> Shared<S> {
    Rc::new(RefCell::new(Polled::new(stream)))
}

/// Polls a stream once, in a task, with this waker. The poll has to be pending.
fn poll_once(
    subject: Subject,
    event_loop: &mut TestLoop,
    waker: &Waker,
    mut poll: impl FnMut(&mut Context<'_>) -> bool + 'static,
) {
    let waker = waker.clone();
    let polls = poll_fn(move |_| {
        assert!(poll(&mut Context::from_waker(&waker)), "the poll has to wait");
        Poll::Ready(())
    });
    event_loop.block_on(subject.task(body().perform(future(polls)))).unwrap();
}

/// Polls for reading.
fn poll_read<S: AttemptRead + 'static>(
    subject: Subject,
    event_loop: &mut TestLoop,
    waker: &Waker,
    stream: &Shared<S>,
) {
    let stream = Rc::clone(stream);
    let polls =
        move |cx: &mut Context<'_>| stream.borrow_mut().poll_read(cx, &mut [0]).is_pending();
    poll_once(subject, event_loop, waker, polls);
}

/// A waker whose copies are counted.
fn counted() -> (Arc<WakeCount>, Waker) {
    let count = Arc::new(WakeCount::default());
    (Arc::clone(&count), Waker::from(count))
}

/// Gives a pending poll up, and then performs a leaf of the stream.
macro_rules! unwraps {
    ($subject:expr, $reader:expr, $writer:expr) => {{
        let (mut event_loop, writer) = (real_loop(), $writer);
        let (stream, (count, waker)) = (polled($reader), counted());
        poll_read($subject, &mut event_loop, &waker, &stream);
        let stream = Rc::into_inner(stream).unwrap().into_inner().into_inner();
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1, "a waker of the given-up poll is left");
        let reads = body()
            .perform_ok(move || writer.write_all_owned("whole"))
            .perform_read(move || stream.read_owned(vec![0; 9]), "whole");
        event_loop.block_on($subject.task(reads)).unwrap();
        assert_eq!(count.take(), 0);
    }};
}

fn may_be_unwrapped_while_a_poll_is_pending(subject: Subject) {
    let (one, other) = tcp();
    unwraps!(subject, one, other);
    let (one, other) = UnixStream::pair().unwrap();
    unwraps!(subject, one, other);
    let (reader, writer) = pipe().unwrap();
    unwraps!(subject, reader, writer);
}

fn leave_no_waker_when_dropped(subject: Subject) {
    let ((one, _other), mut event_loop) = (UnixStream::pair().unwrap(), real_loop());
    let (stream, (count, waker)) = (polled(one.clone()), counted());
    poll_read(subject, &mut event_loop, &waker, &stream);
    drop((stream, waker));
    assert_eq!(Arc::strong_count(&count), 1, "a waker of the dropped stream is left");
    drop(one);
}

fn keep_a_waker_for_each_direction(subject: Subject) {
    let ((one, other), mut event_loop) = (UnixStream::pair().unwrap(), real_loop());
    let (stream, (bytes_came, reading), (room_came, writing)) = (polled(one), counted(), counted());
    poll_read(subject, &mut event_loop, &reading, &stream);
    let fills = Rc::clone(&stream);
    poll_once(subject, &mut event_loop, &writing, move |cx| {
        // The first polls fill the buffers of the kernel, and the last one waits.
        while fills.borrow_mut().poll_write(cx, &[7; 10_000]).is_ready() {}
        true
    });
    turns(&mut event_loop, 3);
    assert_eq!((bytes_came.take(), room_came.take()), (0, 0));

    let (reads, writes) = (other.clone(), other);
    let writes = body().perform_ok(move || writes.write_all_owned("!"));
    event_loop.block_on(subject.task(writes)).unwrap();
    turns(&mut event_loop, 3);
    assert_eq!((bytes_came.take(), room_came.take()), (1, 0));

    // The kernel reports room when most of the buffer is free again.
    let reads = body().repeat(20, move || reads.read_exact_owned(vec![0; 5_000]));
    event_loop.block_on(subject.task(reads)).unwrap();
    turns(&mut event_loop, 3);
    assert_eq!((bytes_came.take(), room_came.take()), (0, 1));
}

fn wake_the_task_that_polled_last(subject: Subject) {
    let ((one, other), mut event_loop) = (UnixStream::pair().unwrap(), real_loop());
    let (stream, (first, first_waker), (last, last_waker)) = (polled(one), counted(), counted());
    poll_read(subject, &mut event_loop, &first_waker, &stream);
    poll_read(subject, &mut event_loop, &last_waker, &stream);
    drop(first_waker);
    assert_eq!(Arc::strong_count(&first), 1, "a waker of the first task is left");
    let writes = body().perform_ok(move || other.write_all_owned("!"));
    event_loop.block_on(subject.task(writes)).unwrap();
    turns(&mut event_loop, 3);
    assert_eq!((first.take(), last.take()), (0, 1));
}

fn end_for_the_other_end(subject: Subject) {
    let ((one, other), mut event_loop) = (tcp(), real_loop());
    let (mut one, answers) = (Polled::new(one), other.clone());
    one.end_writing().unwrap();
    let both = body()
        .perform_eq(move || other.read_owned(vec![0; 9]), 0)
        .perform_ok(move || answers.write_all_owned("answer"))
        .perform_then(
            move || future(async move { one.into_inner().read_owned(vec![0; 9]).await }),
            |(n, buffer)| assert_eq!(&buffer[..n.unwrap()], b"answer"),
        );
    event_loop.block_on(subject.task(both)).unwrap();

    let (reader, writer) = pipe().unwrap();
    let mut writer = Polled::new(writer);
    writer.end_writing().unwrap();
    let writes = future(async move {
        assert_eq!(poll_fn(|cx| writer.poll_write(cx, b"more")).await.unwrap(), 4);
    });
    let (more, end) = (reader.clone(), reader);
    let both = body()
        .perform(writes)
        .perform_read(move || more.read_owned(vec![0; 9]), "more")
        .perform_eq(move || end.read_owned(vec![0; 9]), 0);
    event_loop.block_on(subject.task(both)).unwrap();
}
