//! Copying from one stream to another, in one direction or in both.

use std::{
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    time::Duration,
};

use quadrivium::{
    event_loop::Turned,
    io::{AttemptWrite, Attempts, Interest, copy, copy_both, pipe},
    net::{TcpStream, UnixStream},
    prelude::*,
    task::{Context, Step},
};

use crate::{
    Body, Subject, body,
    sockets::{bytes, real_loop, tcp},
    turns,
    wakers::leaves_no_waker,
};

laws! { ($) copies:
    /// A copy moves all bytes in order, from and to every kind of stream, and returns their number.
    all_bytes_are_copied_in_order;
    /// A write may take a part of the bytes. Then the copy writes the rest.
    a_write_of_a_part_is_continued;
    /// A copy in one direction does not end the writing: more can be written behind it.
    a_copy_leaves_the_stream_open;
    /// A copy reads no more than it can write, so a receiver that does not read stops the sender.
    a_receiver_that_does_not_read_stops_the_sender;
    /// When one stream ends, a copy in both directions ends the writing to the other. The other
    /// direction goes on until it ends, too.
    a_half_close_is_passed_on;
    /// Both directions move at the same time, also when both ends write before they read.
    both_directions_move_at_once;
    /// A copy in both directions fails as soon as one direction fails, while the other one waits.
    an_error_ends_both_directions;
    /// If the receiver is gone, the copy fails with `BrokenPipe`.
    a_receiver_that_is_gone_is_an_error;
    /// A copy that is cancelled while it waits leaves nothing registered. What arrives later can be
    /// read by others.
    a_cancelled_copy_leaves_nothing_registered;
}

/// More bytes than the buffers of any kind of stream hold.
const MANY: usize = 1_000_000;

fn writes(body: Body, end: &UnixStream, bytes: impl Into<Vec<u8>>) -> Body {
    let (end, bytes) = (end.clone(), bytes.into());
    body.perform_ok(move || end.write_all_owned(bytes))
}

fn reads(body: Body, end: &UnixStream, wanted: impl Into<Vec<u8>>) -> Body {
    let (end, wanted) = (end.clone(), wanted.into());
    let n = wanted.len();
    body.perform_read_exact(move || end.read_exact_owned(vec![0; n]), wanted)
}

/// Reads the end of the stream.
fn ends(body: Body, end: &UnixStream) -> Body {
    let end = end.clone();
    body.perform_eq(move || end.read_owned([0; 1]), 0)
}

fn close_write(body: Body, end: &UnixStream) -> Body {
    let end = end.clone();
    body.run(move || end.shutdown(Shutdown::Write).unwrap())
}

/// Two pairs of streams. The inner ends of the pairs are to be copied to each other.
fn two_pairs() -> ([UnixStream; 2], [UnixStream; 2]) {
    let ((a, to_b), (to_a, b)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
    ([a, b], [to_b, to_a])
}

/// Copies many bytes from one stream to another, between a task that writes and one that reads.
macro_rules! copies {
    ($subject:expr, $one:expr, $other:expr) => {{
        let (mut event_loop, (from, writer), (reader, to)) = (real_loop(), $one, $other);
        let writes = body().perform_ok(move || writer.write_all_owned(bytes(MANY)));
        let copies = body().perform_eq(move || copy(from, to), MANY as u64);
        let both = [writes, copies].map(|body| event_loop.spawn($subject.task(body)));
        let reads = body().perform_then(
            move || reader.read_to_end_owned(Vec::new()),
            |(n, all)| assert!(n.unwrap() == MANY && all == bytes(MANY)),
        );
        event_loop.block_on($subject.task(reads)).unwrap();
        both.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    }};
}

fn all_bytes_are_copied_in_order(subject: Subject) {
    copies!(subject, tcp(), pipe().unwrap());
    copies!(subject, pipe().unwrap(), UnixStream::pair().unwrap());
    copies!(subject, UnixStream::pair().unwrap(), tcp());
}

/// A stream that takes at most three bytes at once.
#[derive(Clone)]
struct Sips(UnixStream);

impl Attempts for Sips {
    type Place = <UnixStream as Attempts>::Place;

    fn leave(&self, interest: Interest, place: &mut Self::Place) {
        self.0.leave(interest, place);
    }
}

impl AttemptWrite for Sips {
    fn attempt_write(
        &self,
        place: &mut Self::Place,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Step<io::Result<usize>> {
        let some = &slices[0][..slices[0].len().min(3)];
        self.0.attempt_write(place, cx, &[IoSlice::new(some)])
    }

    fn end_writing(&self) -> io::Result<()> {
        self.0.end_writing()
    }
}

fn a_write_of_a_part_is_continued(subject: Subject) {
    let (mut event_loop, ([a, b], [from, to])) = (real_loop(), two_pairs());
    let copies = close_write(writes(body(), &a, bytes(300)), &a);
    let copies = copies.perform_eq(move || copy(from, Sips(to)), 300);
    event_loop.block_on(subject.task(reads(copies, &b, bytes(300)))).unwrap();
}

fn a_copy_leaves_the_stream_open(subject: Subject) {
    let (mut event_loop, ([a, b], [from, to])) = (real_loop(), two_pairs());
    let kept = to.clone();
    let copies =
        close_write(writes(body(), &a, "copied"), &a).perform_eq(move || copy(from, to), 6);
    let all = reads(writes(copies, &kept, ", and more"), &b, "copied, and more");
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_receiver_that_does_not_read_stops_the_sender(subject: Subject) {
    let (mut event_loop, ([a, b], [from, to])) = (real_loop(), two_pairs());
    let most = Duration::from_millis(20);
    let sends = a.clone();
    let sends = body().perform_then(
        move || timeout(most, sends.write_all_owned(vec![0; 10_000_000])),
        |sent| assert!(sent.is_err(), "the sender must wait"),
    );
    let copies = body().perform(copy(from, to));
    let copies = event_loop.spawn(subject.task(copies));
    event_loop.block_on(subject.task(sends)).unwrap();
    assert!(!copies.is_finished(), "the copy must wait for the receiver");
    drop((a, b));
    copies.cancel();
}

fn a_half_close_is_passed_on(subject: Subject) {
    for swapped in [false, true] {
        let (mut event_loop, ([mut a, mut b], [one, other])) = (real_loop(), two_pairs());
        let copied = if swapped { (9, 5) } else { (5, 9) };
        let copies = body().perform_eq(move || copy_both(one, other), copied);
        let copies = event_loop.spawn(subject.task(copies));
        if swapped {
            std::mem::swap(&mut a, &mut b);
        }
        let asks = close_write(writes(body(), &a, "asked"), &a);
        let asked = ends(reads(asks, &b, "asked"), &b);
        // The other direction is still open, and moves bytes more than once.
        let answers = reads(writes(asked, &b, "an "), &a, "an ");
        let answers = close_write(writes(answers, &b, "answer"), &b);
        let answered = ends(reads(answers, &a, "answer"), &a);
        event_loop.block_on(subject.task(answered)).unwrap();
        event_loop.block_on(copies).unwrap().unwrap();
    }
}

fn both_directions_move_at_once(subject: Subject) {
    let (mut event_loop, (outer, [one, other])) = (real_loop(), two_pairs());
    let n = MANY as u64;
    let copies = body().perform_eq(move || copy_both(one, other), (n, n));
    let mut tasks = vec![event_loop.spawn(subject.task(copies))];
    for end in &outer {
        let speaks = close_write(writes(body(), end, bytes(MANY)), end);
        tasks.push(event_loop.spawn(subject.task(speaks)));
    }
    for end in &outer {
        let listens = ends(reads(body(), end, bytes(MANY)), end);
        tasks.push(event_loop.spawn(subject.task(listens)));
    }
    tasks.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
}

fn an_error_ends_both_directions(subject: Subject) {
    let (mut event_loop, (a, one)) = (real_loop(), tcp());
    let (other, b) = UnixStream::pair().unwrap();
    let copies = body().perform_err(move || copy_both(one, other), ErrorKind::ConnectionReset);
    let copies = event_loop.start(subject.task(copies), 3);
    assert!(!copies.is_finished(), "both directions must wait");
    resets(a);
    event_loop.block_on(copies).unwrap().unwrap();
    // The copy has dropped its streams.
    event_loop.block_on(subject.task(ends(body(), &b))).unwrap();
}

fn resets(end: TcpStream) {
    end.set_linger(Some(Duration::ZERO)).unwrap();
}

fn a_receiver_that_is_gone_is_an_error(subject: Subject) {
    let (mut event_loop, ([a, b], [from, to])) = (real_loop(), two_pairs());
    drop(b);
    let all = writes(body(), &a, "!").perform_err(move || copy(from, to), ErrorKind::BrokenPipe);
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_cancelled_copy_leaves_nothing_registered(subject: Subject) {
    let (mut event_loop, ([a, b], [one, other])) = (real_loop(), two_pairs());
    let kept = one.clone();
    let again = (one.clone(), other.clone());
    let waits = event_loop.start(subject.task(body().perform(copy_both(one, other))), 3);
    waits.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    let waits = subject.task(body().perform(copy_both(again.0, again.1)));
    leaves_no_waker(&mut event_loop, waits);
    let goes_on = reads(writes(body(), &a, "kept"), &kept, "kept");
    event_loop.block_on(subject.task(ends(goes_on, &b))).unwrap();
}
