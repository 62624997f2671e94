//! TCP: what comes out is what went in, and errors and ends are told once, to whom they concern.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    time::Duration,
};

use quadrivium::{net::TcpStream, prelude::*};

use crate::{
    Said, Subject, body,
    sockets::{bytes, listener, ok, read, real_loop, std_tcp, tcp},
};

laws! { ($) tcp:
    /// A server echoes what its client writes, until the client closes.
    an_echo;
    /// A transfer that fits no buffer is written in parts, and arrives whole and in order.
    a_big_transfer;
    /// An end that has stopped writing still reads; the other reads the end of the stream, again and
    /// again, and still writes.
    half_close_both_ways;
    /// A peek waits as a read does, and leaves the bytes.
    a_peek_leaves_the_bytes;
    /// Several buffers are filled, and several slices written, one after the other.
    vectored;
    /// What is left at the end of the stream is read first; then `read_exact` fails.
    an_end_within_read_exact;
    /// A connection that is reset, after whatever number of bytes, fails for who uses it, and for
    /// nobody else.
    a_reset_is_an_error_to_that_task_only;
    /// Writing where nobody reads is an error, not a signal.
    a_broken_pipe_is_an_error;
    /// Connecting where nobody listens is an error.
    a_connection_is_refused;
    /// A task reads while another writes the same socket.
    one_socket_two_tasks;
    /// What was written and read by the standard library before goes on with tasks, and back.
    to_and_from_std;
    /// A task whose socket always has something to read lets the others run.
    who_always_finds_bytes_gives_way;
    /// The options of a socket are what was asked for.
    options;
}

fn an_echo(subject: Subject) {
    const ROUNDS: u8 = 20;
    let mut event_loop = real_loop();
    let (listener, address) = listener();
    let serve = move |stream: TcpStream| {
        let (input, output) = (stream.clone(), stream);
        (0..=ROUNDS).fold(body(), |body, round| {
            let (input, output) = (input.clone(), output.clone());
            let echo = move || {
                // What a style does with what it has read, a leaf cannot: so it is read ahead here.
                future(async move {
                    let bytes = read(input.read_owned(vec![0; 64]).await);
                    assert_eq!(bytes.is_empty(), round == ROUNDS, "the end comes last");
                    output.write_all(&bytes).await.unwrap();
                })
            };
            body.perform_then(echo, drop)
        })
    };
    let server = body().perform_then(
        move || listener.accept(),
        move |accepted| {
            drop(quadrivium::spawn(subject.task(serve(accepted.unwrap().0))));
        },
    );
    drop(event_loop.spawn(subject.task(server)));
    let client = body().perform_then(
        move || TcpStream::connect(address),
        move |stream| {
            let stream = stream.unwrap();
            let rounds = (0..ROUNDS).fold(body(), |body, round| {
                let (input, output) = (stream.clone(), stream.clone());
                body.perform_then(move || output.write_all_owned([round; 5]), ok).perform_then(
                    move || input.read_exact_owned([0; 5]),
                    move |(done, buffer)| {
                        done.unwrap();
                        assert_eq!(buffer, [round; 5]);
                    },
                )
            });
            drop(quadrivium::spawn(subject.task(rounds)));
        },
    );
    drop(event_loop.spawn(subject.task(client)));
    event_loop.run().unwrap();
}

fn a_big_transfer(subject: Subject) {
    let n = if subject.is_pair() { 200_000 } else { 1_000_000 };
    let mut event_loop = real_loop();
    let (writer, reader) = tcp();
    writer.set_send_buffer_size(1).unwrap();
    let sends = body().perform_then(move || writer.write_all_owned(bytes(n)), ok);
    drop(event_loop.spawn(subject.task(sends)));
    // In pieces that fit nothing, and one that is bigger than all buffers.
    let reads = [1, 4095, 17, 65_537, n - 69_650].into_iter().scan(0, |from, n| {
        *from += n;
        Some((*from - n, n))
    });
    let receives = reads.fold(body(), |body, (from, some)| {
        let reader = reader.clone();
        body.perform_then(
            move || reader.read_exact_owned(vec![0; some]),
            move |(done, buffer)| {
                done.unwrap();
                assert!(buffer == bytes(n)[from..from + some], "{some} bytes from {from} on");
            },
        )
    });
    event_loop.block_on(subject.task(receives)).unwrap();
}

fn half_close_both_ways(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let (says, hears, ends) = (one.clone(), one.clone(), one.clone());
    let first = body()
        .perform_then(move || says.write_all_owned("last words"), ok)
        .run(move || one.shutdown(Shutdown::Write).unwrap())
        .perform_then(
            move || hears.read_exact_owned([0; 6]),
            |(done, buffer)| {
                done.unwrap();
                assert_eq!(&buffer, b"answer");
            },
        )
        .perform_then(move || ends.read_owned([0; 1]), |it| assert_eq!(ok(it), 0));
    let (hears, end, again, says) = (other.clone(), other.clone(), other.clone(), other.clone());
    let second = body()
        .perform_then(move || hears.read_exact_owned([0; 10]), ok)
        .perform_then(move || end.read_owned([0; 9]), |it| assert_eq!(ok(it), 0))
        .perform_then(move || again.read_owned([0; 9]), |it| assert_eq!(ok(it), 0))
        .perform_then(move || says.write_all_owned("answer"), ok)
        .run(move || other.shutdown(Shutdown::Write).unwrap());
    let second = event_loop.spawn(subject.task(second));
    event_loop.block_on(subject.task(first)).unwrap();
    event_loop.block_on(second).unwrap().unwrap();
}

fn a_peek_leaves_the_bytes(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let (peeks, again, reads) = (one.clone(), one.clone(), one);
    let looks = body()
        .perform_then(move || peeks.peek_owned(vec![0; 9]), |it| assert_eq!(read(it), b"look"))
        .perform_then(move || again.peek_owned(vec![0; 2]), |it| assert_eq!(read(it), b"lo"))
        .perform_then(move || reads.read_owned(vec![0; 9]), |it| assert_eq!(read(it), b"look"));
    let looks = event_loop.spawn(subject.task(looks));
    event_loop.turn().unwrap();
    // It stays open: at the end of a stream a read always finds something.
    let writes = other.clone();
    let writes = body().perform_then(move || writes.write_all_owned("look"), ok);
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(looks).unwrap().unwrap();
    drop(other);
}

fn vectored(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let reads = body().perform_then(
        move || one.read_vectored_owned([vec![0; 2], vec![], vec![0; 3]]),
        |(n, buffers)| {
            assert_eq!((n.unwrap(), buffers), (5, [b"on".to_vec(), vec![], b"etw".to_vec()]));
        },
    );
    let reads = event_loop.spawn(subject.task(reads));
    event_loop.turn().unwrap();
    let writes = body().perform_then(
        move || other.write_vectored_owned(["one", "", "two"]),
        |(n, _)| assert_eq!(n.unwrap(), 6),
    );
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn an_end_within_read_exact(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, mut other) = std_tcp();
    let one = TcpStream::from_std(one).unwrap();
    let reads = body().perform_then(
        move || one.read_exact_owned([0; 4]),
        |(done, buffer)| {
            assert_eq!(done.unwrap_err().kind(), ErrorKind::UnexpectedEof);
            assert_eq!(&buffer, b"abc\0");
        },
    );
    let reads = event_loop.spawn(subject.task(reads));
    event_loop.turn().unwrap();
    // The bytes and the end in one event.
    other.write_all(b"abc").unwrap();
    drop(other);
    event_loop.block_on(reads).unwrap().unwrap();
}

fn a_reset_is_an_error_to_that_task_only(subject: Subject) {
    let lengths = if subject.is_pair() { 1..3 } else { 0..8 };
    for n in lengths {
        let mut event_loop = real_loop();
        let ((reset, resets), (one, other)) = (tcp(), tcp());
        let suffers = body().perform_then(
            move || reset.read_exact_owned([0; 10]),
            |(done, _)| {
                assert_eq!(done.unwrap_err().kind(), ErrorKind::ConnectionReset);
            },
        );
        let suffers = event_loop.spawn(subject.task(suffers));
        let goes_on = body().perform_then(move || one.read_exact_owned([0; 3]), ok);
        let goes_on = event_loop.spawn(subject.task(goes_on));
        let written = resets.clone();
        let resets = body()
            .perform_then(move || written.write_all_owned(bytes(n)), ok)
            .run(move || resets.set_linger(Some(Duration::ZERO)).unwrap());
        event_loop.block_on(subject.task(resets)).unwrap();
        event_loop.block_on(suffers).unwrap().unwrap();
        let writes = body().perform_then(move || other.write_all_owned("yes"), ok);
        event_loop.block_on(subject.task(writes)).unwrap();
        event_loop.block_on(goes_on).unwrap().unwrap();
    }
}

fn a_broken_pipe_is_an_error(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    drop(other);
    one.shutdown(Shutdown::Write).unwrap();
    let writes = body().perform_then(
        move || one.write_owned("into the void"),
        |(n, _)| {
            assert_eq!(n.unwrap_err().kind(), ErrorKind::BrokenPipe);
        },
    );
    event_loop.block_on(subject.task(writes)).unwrap();
}

fn a_connection_is_refused(subject: Subject) {
    let mut event_loop = real_loop();
    // The port of an end that connected is taken, and nobody listens there.
    let (one, _other) = std_tcp();
    let address = one.local_addr().unwrap();
    let connects = body().perform_then(
        move || TcpStream::connect(address),
        |stream| assert_eq!(stream.unwrap_err().kind(), ErrorKind::ConnectionRefused),
    );
    event_loop.block_on(subject.task(connects)).unwrap();
}

fn one_socket_two_tasks(subject: Subject) {
    const N: usize = 300_000;
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let tasks = [one, other].map(|stream| {
        let writes = stream.clone();
        let writes = body().perform_then(move || writes.write_all_owned(bytes(N)), ok);
        let reads = body().perform_then(
            move || stream.read_exact_owned(vec![0; N]),
            |(done, it)| {
                done.unwrap();
                assert!(it == bytes(N));
            },
        );
        [writes, reads].map(|body| event_loop.spawn(subject.task(body)))
    });
    tasks.into_iter().flatten().for_each(|task| event_loop.block_on(task).unwrap().unwrap());
}

fn to_and_from_std(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut one, other) = std_tcp();
    one.write_all(b"before").unwrap();
    let other = TcpStream::from_std(other).unwrap();
    let (reads, writes) = (other.clone(), other.clone());
    let goes_on = body()
        .perform_then(move || reads.read_owned(vec![0; 9]), |it| assert_eq!(read(it), b"before"))
        .perform_then(move || writes.write_all_owned("with"), ok);
    event_loop.block_on(subject.task(goes_on)).unwrap();
    let mut other = other.into_std().unwrap();
    other.write_all(b"after").unwrap();
    drop(other);
    let mut all = String::new();
    one.read_to_string(&mut all).unwrap();
    assert_eq!(all, "withafter");
}

fn who_always_finds_bytes_gives_way(subject: Subject) {
    const N: usize = 1_000;
    let said = Said::default();
    let mut event_loop = real_loop();
    let (one, mut other) = std_tcp();
    other.write_all(&bytes(N)).unwrap();
    let one = TcpStream::from_std(one).unwrap();
    let reads = body().repeat(N, move || one.read_owned([0; 1])).say(&said, "has read all");
    let reads = event_loop.spawn(subject.task(reads));
    let others = body().perform(turn()).say(&said, "had a turn");
    drop(event_loop.spawn(subject.task(others)));
    event_loop.block_on(reads).unwrap().unwrap();
    assert_eq!(said.lines(), ["had a turn", "has read all"]);
}

fn options(subject: Subject) {
    let (stream, _other) = tcp();
    let asks = body().run(move || {
        stream.set_nodelay(true).unwrap();
        assert!(stream.nodelay().unwrap());
        stream.set_ttl(77).unwrap();
        assert_eq!(stream.ttl().unwrap(), 77);
        assert_eq!(stream.linger().unwrap(), None);
        stream.set_recv_buffer_size(10_000).unwrap();
        assert!(stream.recv_buffer_size().unwrap() >= 10_000);
        assert!(stream.take_error().unwrap().is_none());
    });
    real_loop().block_on(subject.task(asks)).unwrap();
}
