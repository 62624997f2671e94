//! Unix sockets: streams and datagrams between paths, and between the ends of a pair.

use std::io::ErrorKind;

use quadrivium::net::{UnixDatagram, UnixListener, UnixStream};

use crate::{
    Subject, body,
    sockets::{NewPath, moved, ok, read, real_loop},
    turns,
};

laws! { ($) unix_sockets:
    /// A listener at a path is connected to, and both ends talk.
    a_listener_at_a_path;
    /// Where no file is, nobody listens.
    no_such_path;
    /// Datagrams stay apart, and say which path they came from.
    datagrams_between_paths;
    /// A sender waits while its receiver's queue is full, connected or not.
    a_full_queue_is_waited_for;
}

fn a_listener_at_a_path(subject: Subject) {
    let mut event_loop = real_loop();
    let path = NewPath::new();
    let listener = UnixListener::bind(&path.0).unwrap();
    let greets = body().perform_then(
        move || listener.accept(),
        move |accepted| {
            let (stream, _) = accepted.unwrap();
            let greets = body().perform_then(move || stream.write_all_owned("welcome"), ok);
            drop(quadrivium::spawn(subject.task(greets)));
        },
    );
    drop(event_loop.spawn(subject.task(greets)));
    let to = path.0.clone();
    let connects = body().perform_then(
        move || UnixStream::connect(to),
        move |stream| {
            let stream = stream.unwrap();
            let hears = body().perform_then(
                move || stream.read_exact_owned([0; 7]),
                |it| {
                    assert_eq!(&it.1, b"welcome");
                    it.0.unwrap();
                },
            );
            drop(quadrivium::spawn(subject.task(hears)));
        },
    );
    drop(event_loop.spawn(subject.task(connects)));
    event_loop.run().unwrap();
}

fn no_such_path(subject: Subject) {
    let path = NewPath::new().0.clone();
    let connects = body().perform_then(
        move || UnixStream::connect(path),
        |stream| assert_eq!(stream.unwrap_err().kind(), ErrorKind::NotFound),
    );
    real_loop().block_on(subject.task(connects)).unwrap();
}

fn datagrams_between_paths(subject: Subject) {
    let mut event_loop = real_loop();
    let (from, to) = (NewPath::new(), NewPath::new());
    let (one, other) = (UnixDatagram::bind(&from.0).unwrap(), UnixDatagram::bind(&to.0).unwrap());
    let hears = other.clone();
    let path = from.0.clone();
    let hears = body()
        .perform_then(
            move || hears.recv_from_owned(vec![0; 9]),
            move |(received, buffer)| {
                let (n, sender) = received.unwrap();
                assert_eq!((&buffer[..n], sender.as_pathname()), (&b"one"[..], Some(&*path)));
            },
        )
        .perform_then(move || other.recv_owned(vec![0; 9]), |it| assert_eq!(read(it), b"two"));
    let hears = event_loop.spawn(subject.task(hears));
    turns(&mut event_loop, 1);
    let (says, path) = (one.clone(), to.0.clone());
    one.connect(&to.0).unwrap();
    let says = body()
        .perform_then(move || says.send_to_owned("one", path), moved)
        .perform_then(move || one.send_owned("two"), moved);
    event_loop.block_on(subject.task(says)).unwrap();
    event_loop.block_on(hears).unwrap().unwrap();
}

fn a_full_queue_is_waited_for(subject: Subject) {
    const N: usize = 700;
    let path = NewPath::new();
    let hears = UnixDatagram::bind(&path.0).unwrap();
    let (alone, connected) = (UnixDatagram::unbound().unwrap(), UnixDatagram::unbound().unwrap());
    connected.connect(&path.0).unwrap();
    let mut event_loop = real_loop();
    let fills = body().repeat(N, move || connected.send_owned([1; 500]));
    let fills = event_loop.spawn(subject.task(fills));
    turns(&mut event_loop, 100);
    // It has sent nothing that could be received, so not even that tells it when there is room.
    let to = path.0.clone();
    let sends = body().perform_then(move || alone.send_to_owned([2; 500], to), moved);
    let sends = event_loop.spawn(subject.task(sends));
    turns(&mut event_loop, 2);
    assert!(!fills.is_finished() && !sends.is_finished(), "no queue is that long");
    let hears = body().repeat(N + 1, move || hears.recv_owned([0; 500]));
    event_loop.block_on(subject.task(hears)).unwrap();
    event_loop.block_on(fills).unwrap().unwrap();
    event_loop.block_on(sends).unwrap().unwrap();
}
