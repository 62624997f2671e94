//! Sockets and pipes that are converted back to descriptors of the standard library, with
//! `into_std` or `into_fd`.

use std::{
    io::{self, ErrorKind},
    os::fd::{AsFd, OwnedFd},
};

use quadrivium::{
    io::{PipeReader, PipeWriter, pipe},
    net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream},
    task::BoxTask,
};
use rustix::fs::{OFlags, fcntl_getfl};

use super::processes::sh;
use crate::{
    Subject, body,
    sockets::{NewPath, listener, real_loop, tcp},
    turns,
};

laws! { ($) conversions_to_std:
    /// `into_std` and `into_fd` make a socket or pipe blocking again, whatever it was used for.
    make_the_descriptor_blocking;
    /// A conversion works right after an operation, also in the task that performed the operation.
    work_right_after_an_operation;
    /// A conversion fails while clones or operations are left. They still work.
    fail_while_clones_or_operations_are_left;
    /// A socket or pipe can be the output of a child. The three million bytes that the child writes
    /// all arrive.
    make_outputs_for_a_child;
}

fn blocks(fd: impl AsFd) -> bool {
    !fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

/// For each kind of socket and both ends of a pipe: performs an operation, and converts the
/// descriptor.
macro_rules! check_each_conversion {
    ($subject:expr, $event_loop:expr, $($made:expr => $operation:expr, $take_out:ident;)*) => { $( {
        let it = $made;
        assert!(!blocks(&it), "a descriptor for tasks must not block");
        let operation = $operation;
        let waits = operation(it.clone());
        // The operation has waited, so the descriptor is registered.
        let waits = $event_loop.spawn($subject.task(body().perform_then(|| waits, drop)));
        turns(&mut $event_loop, 2);
        waits.cancel();
        assert!(blocks(it.$take_out().unwrap()));
    } )* };
}

fn make_the_descriptor_blocking(subject: Subject) {
    let mut event_loop = real_loop();
    let path = NewPath::new();
    let (tcp_one, tcp_other) = tcp();
    let (unix_one, unix_other) = UnixStream::pair().unwrap();
    let (reader, _writer) = pipe().unwrap();
    let (_reader, writer) = pipe().unwrap();
    let local = || ([127, 0, 0, 1], 0);
    check_each_conversion! { subject, event_loop,
        tcp_one => |it: TcpStream| it.read_owned([0; 1]), into_std;
        tcp_other => |it: TcpStream| it.read_owned([0; 1]), into_fd;
        unix_one => |it: UnixStream| it.read_owned([0; 1]), into_std;
        unix_other => |it: UnixStream| it.read_owned([0; 1]), into_fd;
        listener().0 => |it: TcpListener| it.accept(), into_std;
        listener().0 => |it: TcpListener| it.accept(), into_fd;
        UnixListener::bind(&path.0).unwrap() => |it: UnixListener| it.accept(), into_std;
        UdpSocket::bind(local()).unwrap() => |it: UdpSocket| it.recv_owned([0; 1]), into_std;
        UdpSocket::bind(local()).unwrap() => |it: UdpSocket| it.recv_owned([0; 1]), into_fd;
        UnixDatagram::unbound().unwrap() => |it: UnixDatagram| it.recv_owned([0; 1]), into_std;
        UnixDatagram::unbound().unwrap() => |it: UnixDatagram| it.recv_owned([0; 1]), into_fd;
        reader => |it: PipeReader| it.read_owned([0; 1]), into_fd;
        writer => |it: PipeWriter| it.write_owned([0; 1]), into_fd;
    }
}

fn work_right_after_an_operation(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let [reads, writes] = [(); 2].map(|()| one.clone());
    let uses = body()
        .perform_eq(move || reads.read_owned([0; 1]), 1)
        .perform_ok(move || writes.write_all_owned("!"))
        .run(move || assert!(blocks(one.into_std().unwrap())));
    let uses = event_loop.start(subject.task(uses), 2);
    let writes = body().perform_ok(move || other.write_all_owned("!"));
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(uses).unwrap().unwrap();
}

fn fail_while_clones_or_operations_are_left(subject: Subject) {
    let mut event_loop = real_loop();
    let (one, other) = tcp();
    let reads = one.clone();
    let reads = body().perform_read(move || reads.read_owned(vec![0; 9]), b"hello");
    let reads = event_loop.start(subject.task(reads), 2);
    assert_eq!(one.clone().into_std().unwrap_err().kind(), ErrorKind::ResourceBusy);
    assert_eq!(one.clone().into_fd().unwrap_err().kind(), ErrorKind::ResourceBusy);
    assert!(!blocks(&one), "the descriptor must not block while a task waits for it");
    let writes = body().perform_ok(move || other.write_all_owned("hello"));
    event_loop.block_on(subject.task(writes)).unwrap();
    event_loop.block_on(reads).unwrap().unwrap();
    assert!(blocks(one.into_std().unwrap()), "the last clone must block again");

    let (reader, writer) = pipe().unwrap();
    assert_eq!(reader.clone().into_fd().unwrap_err().kind(), ErrorKind::ResourceBusy);
    let write = writer.write_all_owned("");
    assert_eq!(writer.into_fd().unwrap_err().kind(), ErrorKind::ResourceBusy);
    drop(write);
    assert!(blocks(reader.into_fd().unwrap()));
}

/// A task that reads a stream to its end.
type Reads = BoxTask<(io::Result<usize>, Vec<u8>)>;

fn make_outputs_for_a_child(subject: Subject) {
    const N: usize = 3_000_000;
    let mut event_loop = real_loop();
    let outputs: [fn() -> (OwnedFd, Reads); 3] = [
        || {
            let (one, other) = tcp();
            (other.into_fd().unwrap(), Box::pin(one.read_to_end_owned(Vec::new())))
        },
        || {
            let (one, other) = UnixStream::pair().unwrap();
            (other.into_std().unwrap().into(), Box::pin(one.read_to_end_owned(Vec::new())))
        },
        || {
            let (reader, writer) = pipe().unwrap();
            (writer.into_fd().unwrap(), Box::pin(reader.read_to_end_owned(Vec::new())))
        },
    ];
    for output in outputs {
        let (output, reads) = output();
        let mut command = sh(&format!("head -c {N} /dev/zero"));
        let mut child = command.stdout(output).spawn().unwrap();
        // Our copy of the output is dropped with the command. Otherwise the stream would not end.
        drop(command);
        let ends = body()
            .perform_eq(|| reads, N)
            .perform_then(move || child.wait(), |status| assert!(status.unwrap().success()));
        event_loop.block_on(subject.task(ends)).unwrap();
    }
}
