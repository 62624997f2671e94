//! Buffered reading: lines and other pieces of a stream, however its bytes arrive.

use std::{
    fs as std_fs,
    future::poll_fn,
    io::{ErrorKind, SeekFrom},
    task::Poll,
    time::Duration,
};

use quadrivium::{
    event_loop::Turned,
    fs::File,
    io::{AttemptRead, BufReader, ByteReader, Polled, copy_both, pipe},
    net::UnixStream,
    prelude::*,
    test::{Faults, Simulation, connection::with_capacity},
};

use crate::{
    Body, Notes, Subject, body,
    sockets::{NewPath, bytes, real_loop, tcp},
    turns,
    wakers::leaves_no_waker,
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
    /// The lines of a file are each returned once, also to several tasks.
    a_file_has_lines_too;
    /// If several readers share a file, each byte goes to one of them.
    several_readers_of_a_file_share_its_cursor;
    /// A file that is polled is written and read at its cursor.
    a_file_can_be_polled;
    /// A connection in memory has lines, can be copied and polled, also if its bytes are late.
    a_connection_in_memory_is_a_stream_too;
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
    leaves_no_waker(&mut event_loop, subject.task(line(body(), &reader, None)));
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

/// A file with these bytes. It has no name any more.
fn file(content: impl AsRef<[u8]>) -> File {
    let path = NewPath::new();
    std_fs::write(&path.0, content).unwrap();
    let options = std_fs::File::options().read(true).write(true).open(&path.0);
    File::from_std(options.unwrap())
}

fn a_file_has_lines_too(subject: Subject) {
    let wanted: Vec<_> = (0..200).map(|n| format!("line {n}")).collect();
    let (file, mut event_loop) = (file(wanted.join("\n")), real_loop());
    let (notes, reader) = (Notes::default(), BufReader::with_capacity(9, file));
    let tasks = [(); 2].map(|()| {
        let (reader, dropped, notes) = (reader.clone(), reader.clone(), notes.clone());
        let late = body().perform(timeout(Duration::ZERO, dropped.next_line()));
        let reads = late.repeat_then(
            110,
            move || reader.next_line(),
            move |line| _ = line.unwrap().map(|line| notes.add(line)),
        );
        event_loop.spawn(subject.task(reads))
    });
    tasks.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    let (mut lines, mut wanted) = (notes.lines(), wanted);
    lines.sort();
    wanted.sort();
    let lost = wanted.iter().filter(|line| !lines.contains(line)).count();
    // The two reads that were too late may have taken a line each.
    assert!(lost <= 2 && lines.len() == wanted.len() - lost, "{lost} lines are lost");
}

fn several_readers_of_a_file_share_its_cursor(subject: Subject) {
    let numbers: Vec<_> = (1_000..1_400).map(|n| n.to_string()).collect();
    let (file, mut event_loop, notes) = (file(numbers.concat()), real_loop(), Notes::default());
    let tasks = [(); 3].map(|()| {
        let (reader, notes) = (BufReader::with_capacity(4, file.clone()), notes.clone());
        let reads = body().repeat_then(
            400,
            move || reader.read_owned(vec![0; 4]),
            move |read| notes.add(String::from_utf8(crate::sockets::read(read)).unwrap()),
        );
        event_loop.spawn(subject.task(reads))
    });
    tasks.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    let mut read = notes.lines();
    read.retain(|number| !number.is_empty());
    read.sort();
    assert_eq!(read, numbers);
}

fn a_file_can_be_polled(subject: Subject) {
    let (file, mut event_loop) = (file("0123456789"), real_loop());
    let mut polled = Polled::new(file.clone());
    let polls = future(async move {
        let mut buffer = [0; 4];
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut buffer)).await.unwrap(), 4);
        assert_eq!(&buffer, b"0123");
        // A poll that is pending, and given up, has read nothing.
        let poll = poll_fn(|cx| Poll::Ready(polled.poll_read(cx, &mut buffer).is_pending()));
        if !poll.await {
            // The other thread was faster.
            polled.get_ref().seek(SeekFrom::Start(4)).await.unwrap();
        }
        let mut polled = Polled::new(polled.into_inner());
        assert_eq!(poll_fn(|cx| polled.poll_write(cx, b"abc")).await.unwrap(), 3);
        let mut rest = [0; 9];
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut rest)).await.unwrap(), 3);
        assert_eq!(&rest[..3], b"789");
        assert_eq!(poll_fn(|cx| polled.poll_read(cx, &mut rest)).await.unwrap(), 0);
    });
    let all = body().perform(polls);
    let all = all.perform_read(move || file.read_at_owned(vec![0; 99], 0), "0123abc789");
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_connection_in_memory_is_a_stream_too(subject: Subject) {
    let faults =
        Faults::none().slow_writes(0.5, Duration::from_secs(1)).spurious_wakes(0.1, Duration::ZERO);
    Simulation::new().seeds(0..20).faults(faults).run(|event_loop| {
        let ((one, from), (to, other)) = (with_capacity(5), with_capacity(3));
        let text = "first\nsecond\nlast";
        let ends = one.clone();
        let writes = body().perform_ok(move || one.write_all(text)).run(move || ends.close_write());
        let copies = body().perform_eq(move || copy_both(from, to), (text.len() as u64, 2));
        let both = [writes, copies].map(|body| event_loop.spawn(subject.task(body)));
        let reader = BufReader::new(other.clone());
        let reads = line(line(body(), &reader, "first"), &reader, "second");
        let mut polled = Polled::new(reader);
        let polls = future(async move {
            let (mut last, mut buffer) = (Vec::new(), [0; 9]);
            loop {
                let n = poll_fn(|cx| polled.poll_read(cx, &mut buffer)).await.unwrap();
                last.extend_from_slice(&buffer[..n]);
                if n == 0 {
                    break;
                }
            }
            assert_eq!(last, b"last");
            assert_eq!(poll_fn(|cx| polled.poll_write(cx, b"ok")).await.unwrap(), 2);
            polled.end_writing().unwrap();
        });
        event_loop.block_on(subject.task(reads.perform(polls))).unwrap();
        both.into_iter().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
    });
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
