//! Buffered reading: lines and other pieces of a stream, however its bytes arrive.

use std::{future::poll_fn, io::ErrorKind, time::Duration};

use quadrivium::{
    event_loop::Turned,
    io::{AttemptRead, BufReader, ByteReader, Polled, pipe},
    net::UnixStream,
    prelude::*,
};

use crate::{
    Body, Notes, Subject, body,
    sockets::{bytes, real_loop, tcp},
    turns,
};

laws! { ($) buffered_reads:
    /// A line is returned without its ending, from every kind of stream. The last line need not
    /// have an ending. Then every read returns the end of the stream.
    a_line_is_returned_without_its_ending;
    /// A line may arrive in any pieces, and may be longer than a single read.
    a_line_may_arrive_in_any_pieces;
    /// An operation that is dropped in the middle of a line has taken nothing: the next operation
    /// returns the whole line.
    a_dropped_operation_loses_nothing;
    /// A line that is cancelled while it waits leaves nothing registered.
    a_cancelled_line_leaves_nothing_registered;
    /// If several tasks wait for a line, each gets a whole line, also if the lines arrive together.
    each_line_goes_to_one_task;
    /// A task that always finds a line in the buffer still lets the other tasks run.
    lines_in_the_buffer_let_others_run;
    /// Lines, exact numbers of bytes and single reads may be mixed. None of them takes bytes that
    /// belong to the next one.
    operations_may_be_mixed;
    /// A read of an exact number of bytes fails with `UnexpectedEof` if the stream ends too early.
    /// The bytes stay in the buffer.
    an_early_end_leaves_the_bytes;
    /// A line that is longer than the limit of the reader is an error, although it has not ended.
    /// Its bytes stay in the buffer.
    a_line_over_the_limit_is_an_error;
    /// A line that is not valid UTF-8 is an error. The next line is the one behind it.
    a_line_that_is_not_text_is_an_error;
    /// `into_inner` returns the bytes that no operation has taken. While a clone is left, it is an
    /// error.
    into_inner_returns_the_bytes_that_are_left;
    /// A reader that is polled returns the bytes in the buffer first, and then those of the stream.
    a_polled_reader_returns_the_buffer_first;
}

type Reader = BufReader<UnixStream>;

/// Performs the read of one line, which must be this one.
fn line<S>(body: Body, reader: &BufReader<S>, wanted: impl Into<Option<&'static str>>) -> Body
where
    S: AttemptRead + 'static,
{
    let (reader, wanted) = (reader.clone(), wanted.into().map(String::from));
    body.perform_eq(move || reader.next_line(), wanted)
}

/// Writes these bytes.
fn writes(body: Body, end: &UnixStream, bytes: impl Into<Vec<u8>>) -> Body {
    let (end, bytes) = (end.clone(), bytes.into());
    body.perform_ok(move || end.write_all_owned(bytes))
}

fn reader() -> (UnixStream, Reader) {
    let (one, other) = UnixStream::pair().unwrap();
    (one, BufReader::new(other))
}

/// Reads the lines of a stream to which another task writes.
macro_rules! lines {
    ($subject:expr, $reader:expr, $writer:expr) => {{
        let (reader, writer) = (BufReader::new($reader), $writer);
        let mut event_loop = real_loop();
        let text = "one\ntwo\r\n\nthr\ree\nlast";
        let writes = body().perform_ok(move || writer.write_all_owned(text));
        drop(event_loop.spawn($subject.task(writes)));
        let wanted = [Some("one"), Some("two"), Some(""), Some("thr\ree"), Some("last")];
        let reads = wanted.into_iter().fold(body(), |body, wanted| line(body, &reader, wanted));
        let reads = line(line(reads, &reader, None), &reader, None);
        event_loop.block_on($subject.task(reads)).unwrap();
    }};
}

fn a_line_is_returned_without_its_ending(subject: Subject) {
    let (one, other) = tcp();
    lines!(subject, one, other);
    let (one, other) = UnixStream::pair().unwrap();
    lines!(subject, one, other);
    let (one, other) = pipe().unwrap();
    lines!(subject, one, other);
}

fn a_line_may_arrive_in_any_pieces(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    let (reader, mut event_loop) = (BufReader::with_capacity(3, other), real_loop());
    let long = "a line that is longer than the three bytes of a read";
    let pieces = ["fi", "r", "st\nsec", "ond\n\n", long, "\nlast"];
    let pieces = pieces
        .into_iter()
        .fold(body(), |body, piece| writes(body, &one, piece).perform(turn()).perform(turn()));
    drop(event_loop.spawn(subject.task(pieces.hold(one))));
    let reads = ["first", "second", "", long, "last"];
    let reads = reads.into_iter().fold(body(), |body, wanted| line(body, &reader, wanted));
    event_loop.block_on(subject.task(line(reads, &reader, None))).unwrap();
}

fn a_dropped_operation_loses_nothing(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let most = Duration::from_millis(1);
    let dropped = |body: Body, piece: &str| {
        let [for_line, until, exact, owned] = [0; 4].map(|_| reader.clone());
        let is_late = |late: bool| assert!(late, "the line has not ended: the time must be up");
        writes(body, &one, piece)
            .perform_then(move || timeout(most, for_line.next_line()), move |l| is_late(l.is_err()))
            .perform_then(
                move || timeout(most, until.read_until(b'!')),
                move |b| is_late(b.is_err()),
            )
            .perform_then(
                move || timeout(most, exact.read_exact_owned(vec![0; 100])),
                move |read| is_late(read.is_err()),
            )
            .perform_then(move || owned.fill_buf(), |bytes| assert!(!bytes.unwrap().is_empty()))
    };
    let pieces = ["half ", "a", " li"].into_iter().fold(body(), dropped);
    let whole = line(writes(pieces, &one, "ne\nnext\n"), &reader, "half a line");
    event_loop.block_on(subject.task(line(whole, &reader, "next"))).unwrap();
}

fn a_cancelled_line_leaves_nothing_registered(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let waits = event_loop.start(subject.task(line(body(), &reader, None)), 2);
    waits.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    let goes_on = line(writes(body(), &one, "kept\n"), &reader, "kept");
    event_loop.block_on(subject.task(goes_on)).unwrap();
}

fn each_line_goes_to_one_task(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let notes = Notes::default();
    let tasks = [0; 3].map(|_| {
        let (reader, notes) = (reader.clone(), notes.clone());
        let note = move |line: std::io::Result<Option<String>>| notes.add(line.unwrap().unwrap());
        event_loop.start(subject.task(body().perform_then(move || reader.next_line(), note)), 2)
    });
    for piece in ["on", "e\n\nth", "ree\n"] {
        event_loop.block_on(subject.task(writes(body(), &one, piece))).unwrap();
        turns(&mut event_loop, 3);
    }
    tasks.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    // The tasks wait in the order in which they began. The second looked at two bytes of the first
    // line, which are no longer there. The third waits for the rest of its line.
    assert_eq!(notes.lines(), ["one", "", "three"]);
}

fn lines_in_the_buffer_let_others_run(subject: Subject) {
    const N: usize = 100;
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    event_loop.block_on(subject.task(writes(body(), &one, "\n".repeat(N)))).unwrap();
    let notes = Notes::default();
    let reads = body().repeat(N, move || reader.next_line()).note(&notes, "has read all");
    let never_waits = event_loop.spawn(subject.task(reads));
    drop(event_loop.spawn(subject.task(body().note(&notes, "had a turn"))));
    event_loop.block_on(never_waits).unwrap().unwrap();
    assert_eq!(notes.lines(), ["had a turn", "has read all"]);
}

fn operations_may_be_mixed(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let [exact, some, peeks, until, rest, end] = [0; 6].map(|_| reader.clone());
    let consumes = reader.clone();
    let all = writes(body(), &one, "head\nbodymore:peeked");
    let all = line(all, &reader, "head")
        .perform_read_exact(move || exact.read_exact_owned([0; 4]), b"body")
        .perform_read(move || some.read_owned(vec![0; 2]), b"mo")
        .perform_eq(move || until.read_until(b':'), b"re:".to_vec())
        .perform_eq(move || peeks.fill_buf(), b"peeked".to_vec())
        .run(move || consumes.consume(4));
    let all = all
        .perform_read(move || rest.read_owned(vec![0; 9]), b"ed")
        .run(move || drop(one))
        .perform_eq(move || end.fill_buf(), Vec::new());
    event_loop.block_on(subject.task(line(all, &reader, None))).unwrap();
}

fn an_early_end_leaves_the_bytes(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let exact = reader.clone();
    let all = writes(body(), &one, "abc")
        .run(move || drop(one))
        .perform_err(move || exact.read_exact_owned(vec![0; 4]), ErrorKind::UnexpectedEof);
    let all = line(line(all, &reader, "abc"), &reader, None);
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_line_over_the_limit_is_an_error(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    let (reader, mut event_loop) = (BufReader::with_limit(5, other), real_loop());
    let [fails, also_fails, ended] = [0; 3].map(|_| reader.clone());
    let all = line(writes(body(), &one, "four\n123456"), &reader, "four")
        .perform_err(move || fails.next_line(), ErrorKind::InvalidData);
    let all = writes(all, &one, "7\n")
        .perform_err(move || also_fails.read_until(b'\n'), ErrorKind::InvalidData)
        .perform_read_exact(move || ended.read_exact_owned([0; 8]), b"1234567\n");
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_line_that_is_not_text_is_an_error(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let fails = reader.clone();
    let all = writes(body(), &one, b"\xff\ntext\n".to_vec())
        .perform_err(move || fails.next_line(), ErrorKind::InvalidData);
    event_loop.block_on(subject.task(line(all, &reader, "text"))).unwrap();
}

fn into_inner_returns_the_bytes_that_are_left(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let first = line(writes(body(), &one, "line\nrest"), &reader, "line");
    event_loop.block_on(subject.task(first)).unwrap();
    let clone = reader.clone();
    assert_eq!(clone.into_inner().err().map(|error| error.kind()), Some(ErrorKind::ResourceBusy));
    let (other, rest) = reader.into_inner().unwrap();
    assert_eq!(rest, b"rest");
    let goes_on = writes(body(), &one, "!").perform_read(move || other.read_owned(vec![0; 9]), "!");
    event_loop.block_on(subject.task(goes_on)).unwrap();
}

fn a_polled_reader_returns_the_buffer_first(subject: Subject) {
    let ((one, reader), mut event_loop) = (reader(), real_loop());
    let mut polled = Polled::new(reader.clone());
    let last = one.clone();
    let polls = future(async move {
        let mut buffer = vec![0; 65_536];
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut buffer)).await.unwrap(), 4);
        assert_eq!(&buffer[..4], b"rest");
        last.write_all(&bytes(9)).await.unwrap();
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut buffer)).await.unwrap(), 9);
        assert!(poll_fn(|cx| polled.poll_write(cx, b"answer")).await.unwrap() == 6);
    });
    let all = line(writes(body(), &one, "line\nrest"), &reader, "line").perform(polls);
    let all = all.perform_read(move || one.read_owned(vec![0; 9]), "answer");
    event_loop.block_on(subject.task(all)).unwrap();
}
