//! Unix sockets: streams and datagrams between paths, and between the ends of a pair.

use std::{
    io::{self, ErrorKind},
    thread,
};

use quadrivium::net::{UnixDatagram, UnixListener, UnixStream};

use crate::{
    Subject, body,
    sockets::{NewPath, real_loop},
};

laws! { ($) unix_sockets:
    /// A listener at a path accepts connections, and both ends can write.
    a_listener_accepts_at_its_path;
    /// Connecting to a missing path is a `NotFound` error.
    a_missing_path_is_an_error;
    /// Datagrams are received separately, with the path of their sender.
    datagrams_come_with_the_path_of_their_sender;
    /// A NUL byte in a path is an `InvalidInput` error for every operation that takes a path. The
    /// path before the NUL byte is not used.
    a_nul_byte_in_a_path_is_an_error;
    /// On Linux a path that begins with a NUL byte is an abstract name, for every operation that
    /// takes a path.
    abstract_names_work_on_linux;
    /// A sender waits while the queue of its receiver is full, connected or not.
    a_sender_waits_while_the_queue_is_full;
}

fn a_listener_accepts_at_its_path(subject: Subject) {
    let mut event_loop = real_loop();
    let path = NewPath::new();
    let listener = UnixListener::bind(&path.0).unwrap();
    let greets = body().perform_then(
        move || listener.accept(),
        move |accepted| {
            let (stream, _) = accepted.unwrap();
            let greets = body().perform_ok(move || stream.write_all_owned("welcome"));
            drop(quadrivium::spawn(subject.task(greets)));
        },
    );
    drop(event_loop.spawn(subject.task(greets)));
    let to = path.0.clone();
    let connects = body().perform_then(
        move || UnixStream::connect(to),
        move |stream| {
            let stream = stream.unwrap();
            let reads = body().perform_then(
                move || stream.read_exact_owned([0; 7]),
                |it| {
                    assert_eq!(&it.1, b"welcome");
                    it.0.unwrap();
                },
            );
            drop(quadrivium::spawn(subject.task(reads)));
        },
    );
    event_loop.run_detached(subject.task(connects));
}

fn a_missing_path_is_an_error(subject: Subject) {
    let path = NewPath::new().0.clone();
    let connects = body().perform_err(move || UnixStream::connect(path), ErrorKind::NotFound);
    real_loop().block_on(subject.task(connects)).unwrap();
}

fn datagrams_come_with_the_path_of_their_sender(subject: Subject) {
    let mut event_loop = real_loop();
    let (from, to) = (NewPath::new(), NewPath::new());
    let (one, other) = (UnixDatagram::bind(&from.0).unwrap(), UnixDatagram::bind(&to.0).unwrap());
    let receives = other.clone();
    let path = from.0.clone();
    let receives = body()
        .perform_then(
            move || receives.recv_from_owned(vec![0; 9]),
            move |(received, buffer)| {
                let (n, sender) = received.unwrap();
                assert_eq!((&buffer[..n], sender.as_pathname()), (&b"one"[..], Some(&*path)));
            },
        )
        .perform_read(move || other.recv_owned(vec![0; 9]), b"two");
    let receives = event_loop.start(subject.task(receives), 1);
    let (sends, path) = (one.clone(), to.0.clone());
    one.connect(&to.0).unwrap();
    let sends = body()
        .perform_ok(move || sends.send_to_owned("one", path))
        .perform_ok(move || one.send_owned("two"));
    event_loop.block_on(subject.task(sends)).unwrap();
    event_loop.block_on(receives).unwrap().unwrap();
}

/// The result must be an `InvalidInput` error.
fn invalid<T: std::fmt::Debug>(result: io::Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
}

fn a_nul_byte_in_a_path_is_an_error(subject: Subject) {
    let (streams, datagrams) = (NewPath::new(), NewPath::new());
    let _listener = UnixListener::bind(&streams.0).unwrap();
    let _receiver = UnixDatagram::bind(&datagrams.0).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    let mut program = body();
    for tail in ["\0", "\0.d/other"] {
        let [stream, datagram] = [&streams.0, &datagrams.0].map(|path| {
            let mut path = path.clone().into_os_string();
            path.push(tail);
            path
        });
        invalid(UnixListener::bind(&stream));
        invalid(UnixDatagram::bind(&datagram));
        invalid(sender.connect(&datagram));
        let (sends, again, owned) = (sender.clone(), datagram.clone(), sender.clone());
        program = program
            .perform_err(move || UnixStream::connect(stream), ErrorKind::InvalidInput)
            .perform_err(move || sends.send_to(b"lost", datagram), ErrorKind::InvalidInput)
            .perform_err(move || owned.send_to_owned("lost", again), ErrorKind::InvalidInput);
    }
    real_loop().block_on(subject.task(program)).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn abstract_names_work_on_linux(_: Subject) {
    invalid(UnixListener::bind("\0name"));
}

#[cfg(target_os = "linux")]
fn abstract_names_work_on_linux(subject: Subject) {
    use std::os::linux::net::SocketAddrExt;

    let mut event_loop = real_loop();
    // The path makes the name unique among processes, and a name may contain NUL bytes.
    let [streams, one_name, other_name] = [(); 3].map(|()| {
        let mut name = std::ffi::OsString::from("\0");
        name.push(&NewPath::new().0);
        name.push("\0\0end");
        name
    });
    let listener = UnixListener::bind(&streams).unwrap();
    let to = streams.clone();
    let meets = body().perform_ok(move || UnixStream::connect(to)).perform_then(
        move || listener.accept(),
        |accepted| {
            let name = accepted.unwrap().0.local_addr().unwrap();
            assert!(name.as_abstract_name().unwrap().ends_with(b"\0\0end"));
        },
    );
    event_loop.block_on(subject.task(meets)).unwrap();
    // No file is in the way of the next listener. But a child that another test is just starting
    // has a copy of the old listener, until it runs its program.
    while let Err(error) = UnixListener::bind(&streams) {
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        thread::yield_now();
    }

    let (one, other) =
        (UnixDatagram::bind(&one_name).unwrap(), UnixDatagram::bind(&other_name).unwrap());
    one.connect(&other_name).unwrap();
    let (sends, to) = (other.clone(), one_name.clone());
    let talks = body()
        .perform_ok(move || sends.send_to_owned("one", to))
        .perform_read(move || one.recv_owned(vec![0; 9]), b"one")
        .hold(other);
    event_loop.block_on(subject.task(talks)).unwrap();
}

fn a_sender_waits_while_the_queue_is_full(subject: Subject) {
    const N: usize = 700;
    let path = NewPath::new();
    let receiver = UnixDatagram::bind(&path.0).unwrap();
    let (alone, connected) = (UnixDatagram::unbound().unwrap(), UnixDatagram::unbound().unwrap());
    connected.connect(&path.0).unwrap();
    let mut event_loop = real_loop();
    let fills = body().repeat(N, move || connected.send_owned([1; 500]));
    let fills = event_loop.start(subject.task(fills), 100);
    // This socket has sent nothing yet, so no reply or event tells it when there is room.
    let to = path.0.clone();
    let sends = body().perform_ok(move || alone.send_to_owned([2; 500], to));
    let sends = event_loop.start(subject.task(sends), 2);
    assert!(
        !fills.is_finished() && !sends.is_finished(),
        "both senders must wait: the queue is full"
    );
    let receives = body().repeat(N + 1, move || receiver.recv_owned([0; 500]));
    event_loop.block_on(subject.task(receives)).unwrap();
    event_loop.block_on(fills).unwrap().unwrap();
    event_loop.block_on(sends).unwrap().unwrap();
}
