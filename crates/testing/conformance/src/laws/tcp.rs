//! TCP: its laws beside the laws of all streams of bytes (`byte_streams`).

use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

use quadrivium::{net::TcpStream, prelude::*};

use crate::{
    Subject, body,
    sockets::{bytes, listener, read, real_loop, std_tcp, tcp},
};

laws! { ($) tcp:
    /// A server echoes the bytes of its client until the client closes the connection.
    an_echo_server_works;
    /// A peek waits like a read, and leaves the bytes in the stream.
    a_peek_leaves_the_bytes;
    /// Vectored operations fill several buffers, and write several slices, one after another.
    vectored_operations_use_buffers_in_order;
    /// If the stream ends too early, `read_exact` fills its buffer with the last bytes and then
    /// fails.
    read_exact_fails_at_an_early_end;
    /// A reset of a connection is an error for the tasks that use it, after any number of bytes.
    /// Other connections are not affected.
    a_reset_is_an_error_of_its_connection_only;
    /// Connecting to an address without a listener is an error.
    a_connect_without_a_listener_is_refused;
    /// A stream may be used by the standard library, then by tasks, and then by the standard
    /// library again.
    streams_convert_to_and_from_std;
    /// The options of a socket have the values that were set.
    options_of_a_socket_can_be_set;
}

fn an_echo_server_works(subject: Subject) {
    const ROUNDS: u8 = 20;
    let mut event_loop = real_loop();
    let (listener, address) = listener();
    let serve = move |stream: TcpStream| {
        let (input, output) = (stream.clone(), stream);
        (0..=ROUNDS).fold(body(), |body, round| {
            let (input, output) = (input.clone(), output.clone());
            let echo = move || {
                // A leaf cannot do what a style does with the bytes it has read, so a future reads
                // them here.
                future(async move {
                    let bytes = read(input.read_owned(vec![0; 64]).await);
                    assert_eq!(
                        bytes.is_empty(),
                        round == ROUNDS,
                        "the stream must end after the last round, and not before"
                    );
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
                body.perform_ok(move || output.write_all_owned([round; 5]))
                    .perform_read_exact(move || input.read_exact_owned([0; 5]), [round; 5])
            });
            drop(quadrivium::spawn(subject.task(rounds)));
        },
    );
    event_loop.run_detached(subject.task(client));
}

fn a_peek_leaves_the_bytes(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let (peeks, again, reads) = (one.clone(), one.clone(), one);
    let looks = body()
        .perform_read(move || peeks.peek_owned(vec![0; 9]), b"look")
        .perform_read(move || again.peek_owned(vec![0; 2]), b"lo")
        .perform_read(move || reads.read_owned(vec![0; 9]), b"look");
    let looks = event_loop.spawn(subject.task(looks));
    event_loop.turn().unwrap();
    // Kept open, since a read at the end of a stream always finds something.
    let writes = other.clone();
    let writes = body().perform_ok(move || writes.write_all_owned("look"));
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(looks).unwrap().unwrap();
    drop(other);
}

fn vectored_operations_use_buffers_in_order(subject: Subject) {
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
    let writes = body().perform_eq(move || other.write_vectored_owned(["one", "", "two"]), 6);
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
}

fn read_exact_fails_at_an_early_end(subject: Subject) {
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
    // The bytes and the end come in one event.
    other.write_all(b"abc").unwrap();
    drop(other);
    event_loop.block_on(reads).unwrap().unwrap();
}

fn a_reset_is_an_error_of_its_connection_only(subject: Subject) {
    let lengths = if subject.is_pair() { 1..3 } else { 0..8 };
    for n in lengths {
        let mut event_loop = real_loop();
        let ((reset, resets), (one, other)) = (tcp(), tcp());
        let suffers =
            body().perform_err(move || reset.read_exact_owned([0; 10]), ErrorKind::ConnectionReset);
        let suffers = event_loop.spawn(subject.task(suffers));
        let goes_on = body().perform_ok(move || one.read_exact_owned([0; 3]));
        let goes_on = event_loop.spawn(subject.task(goes_on));
        let written = resets.clone();
        let resets = body()
            .perform_ok(move || written.write_all_owned(bytes(n)))
            .run(move || resets.set_linger(Some(Duration::ZERO)).unwrap());
        event_loop.block_on(subject.task(resets)).unwrap();
        event_loop.block_on(suffers).unwrap().unwrap();
        let writes = body().perform_ok(move || other.write_all_owned("yes"));
        event_loop.block_on(subject.task(writes)).unwrap();
        event_loop.block_on(goes_on).unwrap().unwrap();
    }
}

fn a_connect_without_a_listener_is_refused(subject: Subject) {
    let mut event_loop = real_loop();
    // The port of a connected socket is in use, and has no listener.
    let (one, _other) = std_tcp();
    let address = one.local_addr().unwrap();
    let connects =
        body().perform_err(move || TcpStream::connect(address), ErrorKind::ConnectionRefused);
    event_loop.block_on(subject.task(connects)).unwrap();
}

fn streams_convert_to_and_from_std(subject: Subject) {
    let mut event_loop = real_loop();
    let (mut one, other) = std_tcp();
    one.write_all(b"before").unwrap();
    let other = TcpStream::from_std(other).unwrap();
    let (reads, writes) = (other.clone(), other.clone());
    let goes_on = body()
        .perform_read(move || reads.read_owned(vec![0; 9]), b"before")
        .perform_ok(move || writes.write_all_owned("with"));
    event_loop.block_on(subject.task(goes_on)).unwrap();
    let mut other = other.into_std().unwrap();
    other.write_all(b"after").unwrap();
    drop(other);
    let mut all = String::new();
    one.read_to_string(&mut all).unwrap();
    assert_eq!(all, "withafter");
}

fn options_of_a_socket_can_be_set(subject: Subject) {
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
