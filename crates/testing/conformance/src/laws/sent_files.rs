//! Sending a part of a file to a stream, by the kernel or by another thread.

use std::{
    cell::Cell,
    fs as std_fs,
    io::{self, ErrorKind},
    rc::Rc,
};

use quadrivium::{
    event_loop::Turned,
    fs::{File, send_file},
    io::{AttemptWrite, Attempts, BufReader, Interest, pipe},
    net::UnixStream,
    task::{Context, Step},
};

use crate::{
    Subject, body,
    sockets::{NewPath, bytes, real_loop, tcp},
    turns,
    wakers::leaves_no_waker,
};

laws! { ($) sent_files:
    /// A file that is larger than all buffers arrives whole and in order, on every kind of stream.
    /// The output is the number of its bytes.
    a_large_file_arrives_whole;
    /// A part of a file is sent, and no byte before or behind it. The cursor does not move.
    a_part_is_sent;
    /// If the file ends before the part, what is there is sent, and the output is its length. An
    /// empty part sends nothing.
    a_short_file_is_sent_to_its_end;
    /// A file that shrinks while it is sent ends the send early. The output is the number of bytes
    /// that were sent.
    a_file_that_shrinks_ends_the_send;
    /// A file that the kernel cannot send is read by another thread, and arrives just the same.
    a_file_that_the_kernel_cannot_send_arrives;
    /// Bytes of a file that are not in the memory of the kernel are read by another thread, so that
    /// the thread of the loop does not wait for the disk.
    a_file_that_is_not_in_memory_is_read_by_another_thread;
    /// A stream to which the kernel cannot send gets the bytes of the file just the same.
    a_stream_that_is_no_descriptor_gets_the_file;
    /// If the receiver is gone, the send fails with `BrokenPipe` and raises no signal.
    a_receiver_that_is_gone_is_an_error;
    /// A send that is cancelled while it waits leaves nothing registered, and the stream can be
    /// used.
    a_cancelled_send_leaves_nothing_registered;
}

/// More bytes than the buffers of any kind of stream hold, and no multiple of any size in use.
const MANY: usize = 3_000_001;

/// A file with these bytes. It has no name any more.
fn file(content: &[u8]) -> File {
    let path = NewPath::new();
    std_fs::write(&path.0, content).unwrap();
    File::from_std(std_fs::File::open(&path.0).unwrap())
}

/// Sends a large file to one end of a stream, and reads it from the other.
macro_rules! sends {
    ($subject:expr, $file:expr, $reader:expr, $writer:expr) => {{
        let (mut event_loop, file, reader, writer) = (real_loop(), $file, $reader, $writer);
        let sends = body().perform_eq(move || send_file(&file, 0..u64::MAX, writer), MANY as u64);
        let sends = event_loop.spawn($subject.task(sends));
        let reads = body().perform_then(
            move || reader.read_to_end_owned(Vec::new()),
            |(n, all)| assert!(n.unwrap() == MANY && all == bytes(MANY)),
        );
        event_loop.block_on($subject.task(reads)).unwrap();
        event_loop.block_on(sends).unwrap().unwrap();
    }};
}

fn a_large_file_arrives_whole(subject: Subject) {
    let file = file(&bytes(MANY));
    let (one, other) = tcp();
    sends!(subject, file.clone(), one, other);
    let (one, other) = UnixStream::pair().unwrap();
    sends!(subject, file.clone(), one, other);
    let (reader, writer) = pipe().unwrap();
    sends!(subject, file, reader, writer);
}

fn a_part_is_sent(subject: Subject) {
    let (file, mut event_loop) = (file(b"0123456789"), real_loop());
    let (one, other) = UnixStream::pair().unwrap();
    let [first, cursor] = [0; 2].map(|_| file.clone());
    let all = body()
        .perform_eq(move || send_file(&first, 3..7, one), 4)
        .perform_read(move || other.read_owned(vec![0; 99]), "3456")
        .perform_read(move || cursor.read_owned(vec![0; 4]), "0123");
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_short_file_is_sent_to_its_end(subject: Subject) {
    let (file, mut event_loop) = (file(b"0123456789"), real_loop());
    let (one, other) = UnixStream::pair().unwrap();
    let all = [(7..1_000_000, 3), (10..20, 0), (30..40, 0), (5..5, 0)];
    let all = all.into_iter().fold(body(), |body, (part, sent)| {
        let (file, to) = (file.clone(), one.clone());
        body.perform_eq(move || send_file(&file, part, to), sent)
    });
    let all = all.perform_read(move || other.read_owned(vec![0; 99]), "789");
    event_loop.block_on(subject.task(all)).unwrap();
}

fn a_file_that_shrinks_ends_the_send(subject: Subject) {
    let path = NewPath::new();
    std_fs::write(&path.0, bytes(MANY)).unwrap();
    let file = File::from_std(std_fs::File::open(&path.0).unwrap());
    let (one, other) = UnixStream::pair().unwrap();
    let (mut event_loop, sent) = (real_loop(), Rc::new(Cell::new(0)));
    let notes_sent = Rc::clone(&sent);
    let sends = body().perform_then(
        move || send_file(&file, 0..MANY as u64, one),
        move |n| notes_sent.set(n.unwrap()),
    );
    let sends = event_loop.start(subject.task(sends), 3);
    assert!(!sends.is_finished(), "the send must wait for room");
    std_fs::File::options().write(true).open(&path.0).unwrap().set_len(1).unwrap();
    let reads = body().perform_then(
        move || other.read_to_end_owned(Vec::new()),
        // Bytes that wait in the socket are still those of the file, so their values may change.
        move |(n, _)| {
            let n = n.unwrap();
            assert!(n < MANY && n as u64 == sent.get());
        },
    );
    let reads = event_loop.spawn(subject.task(reads));
    event_loop.block_on(sends).unwrap().unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn a_file_that_the_kernel_cannot_send_arrives(subject: Subject) {
    // The kernel makes the content of such a file when it is read, and cannot send it.
    let path = "/proc/self/limits";
    let wanted = std_fs::read(path).unwrap();
    let file = File::from_std(std_fs::File::open(path).unwrap());
    let (one, other) = UnixStream::pair().unwrap();
    let n = wanted.len();
    let all = body()
        .perform_eq(move || send_file(&file, 0..u64::MAX, one), n as u64)
        .perform_read_exact(move || other.read_exact_owned(vec![0; n]), wanted);
    real_loop().block_on(subject.task(all)).unwrap();
}

/// A stream that the kernel does not know. It has the default of `attempt_send_file`.
#[derive(Clone)]
struct Wrapped(UnixStream);

impl Attempts for Wrapped {
    type Place = <UnixStream as Attempts>::Place;

    fn leave(&self, interest: Interest, place: &mut Self::Place) {
        self.0.leave(interest, place);
    }
}

impl AttemptWrite for Wrapped {
    fn attempt_write(
        &self,
        place: &mut Self::Place,
        cx: &Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Step<std::io::Result<usize>> {
        self.0.attempt_write(place, cx, slices)
    }

    fn end_writing(&self) -> std::io::Result<()> {
        self.0.end_writing()
    }
}

fn a_stream_that_is_no_descriptor_gets_the_file(subject: Subject) {
    let (one, other) = UnixStream::pair().unwrap();
    sends!(subject, file(&bytes(MANY)), one, Wrapped(other));
    // A wrapper that passes the attempt on.
    let (one, other) = UnixStream::pair().unwrap();
    sends!(subject, file(&bytes(MANY)), one, BufReader::new(other));
}

fn a_receiver_that_is_gone_is_an_error(subject: Subject) {
    let ((one, other), file) = (UnixStream::pair().unwrap(), file(b"content"));
    drop(other);
    let fails = body().perform_err(move || send_file(&file, 0..7, one), ErrorKind::BrokenPipe);
    real_loop().block_on(subject.task(fails)).unwrap();
}

fn a_cancelled_send_leaves_nothing_registered(subject: Subject) {
    let ((one, other), file) = (UnixStream::pair().unwrap(), file(&bytes(MANY)));
    let (mut event_loop, to) = (real_loop(), one.clone());
    let sends = body().perform(send_file(&file, 0..MANY as u64, to));
    let sends = event_loop.start(subject.task(sends), 3);
    assert!(!sends.is_finished(), "the send must wait for room");
    sends.cancel();
    assert_eq!(turns(&mut event_loop, 1), Turned::Empty);
    let waits = body().perform(send_file(&file, 0..MANY as u64, one.clone()));
    leaves_no_waker(&mut event_loop, subject.task(waits));
    let reads = body().perform_then(
        move || other.read_to_end_owned(Vec::new()),
        |(n, all)| {
            let sent = n.unwrap() - 4;
            assert!(all[..sent] == bytes(MANY)[..sent] && &all[sent..] == b"last");
        },
    );
    let reads = event_loop.spawn(subject.task(reads));
    let last = body().perform_ok(move || one.write_all_owned("last"));
    event_loop.block_on(subject.task(last)).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn a_file_that_is_not_in_memory_is_read_by_another_thread(subject: Subject) {
    const SENT: usize = 1_000;
    // The kernel may keep some bytes in memory, so that it can send them.
    for _ in 0..10 {
        let Some(file) = forgotten_file(&bytes(MANY)) else {
            println!("skipped: this file system does not forget the bytes of a file");
            return;
        };
        // The last bytes fit the buffer of the socket, so the kernel would send them at once.
        let (one, other) = UnixStream::pair().unwrap();
        let part = (MANY - SENT) as u64..u64::MAX;
        let sends = body().perform_eq(move || send_file(&file, part, one), SENT as u64);
        let mut event_loop = real_loop();
        let sends = event_loop.start(subject.task(sends), 1);
        let has_waited = !sends.is_finished();
        event_loop.block_on(sends).unwrap().unwrap();
        let wanted = bytes(MANY).split_off(MANY - SENT);
        let reads =
            body().perform_read_exact(move || other.read_exact_owned(vec![0; SENT]), wanted);
        event_loop.block_on(subject.task(reads)).unwrap();
        if has_waited {
            return;
        }
    }
    panic!("the thread of the loop has waited for the disk");
}

/// Makes a file whose bytes are on the disk, and not in the memory of the kernel. Returns `None` if
/// the file system keeps all files in memory.
fn forgotten_file(content: &[u8]) -> Option<File> {
    let path = NewPath::new();
    std_fs::write(&path.0, content).unwrap();
    let file = std_fs::File::open(&path.0).unwrap();
    file.sync_all().unwrap();
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    let mut byte = [0];
    let byte = &mut [io::IoSliceMut::new(&mut byte)];
    // The kernel then begins to read the first bytes, but not the last ones.
    let read = rustix::io::preadv2(&file, byte, 0, rustix::io::ReadWriteFlags::NOWAIT);
    read.is_err().then(|| File::from_std(file))
}
