//! Sockets of the standard library.

use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, RawFd},
        unix::net::{UnixDatagram, UnixStream},
    },
    thread,
    time::{Duration, Instant},
};

use quadrivium::prelude::*;
use quadrivium_hooks::patch;

use crate::{MS, run, run_checked};

const LOCALHOST: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// An echo server as the standard library's documentation has it, with green threads.
fn serve(listener: TcpListener, connections: usize) {
    for stream in listener.incoming().take(connections) {
        let mut stream = stream.unwrap();
        let _detached = spawn(green(move || {
            let mut buffer = [0; 256];
            loop {
                match stream.read(&mut buffer).unwrap() {
                    0 => break,
                    n => stream.write_all(&buffer[..n]).unwrap(),
                }
            }
        }));
    }
}

fn ask(server: SocketAddr, rounds: usize) {
    let mut stream = TcpStream::connect(server).unwrap();
    for round in 0..rounds {
        let question = format!("question {round}");
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = vec![0; question.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, question.as_bytes());
    }
}

#[test]
fn an_echo_server_with_a_thousand_clients() {
    const CLIENTS: usize = 1_000;
    let this = thread::current().id();
    run(move || {
        let listener = TcpListener::bind(LOCALHOST).unwrap();
        let server = listener.local_addr().unwrap();
        let server_task = spawn(green(move || serve(listener, CLIENTS)));
        let client = || {
            spawn(green(move || {
                ask(server, 10);
                assert_eq!(thread::current().id(), this);
            }))
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| client()).collect();
        for client in clients {
            quadrivium::green::perform(client).unwrap();
        }
        quadrivium::green::perform(server_task).unwrap();
    });
}

/// Two ends of a TCP connection.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(LOCALHOST).unwrap();
    let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (one, listener.accept().unwrap().0)
}

fn flags(fd: RawFd) -> i32 {
    // SAFETY: The command takes no argument.
    unsafe { libc::fcntl(fd, libc::F_GETFL) }
}

#[test]
fn reads_wait_for_the_peer_and_never_change_flags() {
    run_checked(|| {
        let (mut one, mut two) = pair();
        let fd = one.as_raw_fd();
        let before = flags(fd);
        let writer = spawn(green(move || {
            thread::sleep(20 * MS);
            assert_eq!(flags(fd), before, "during a read");
            two.write_all(b"abcdef").unwrap();
        }));
        let mut buffer = [0; 3];
        assert_eq!(one.peek(&mut buffer).unwrap(), 3);
        assert_eq!(one.read(&mut buffer).unwrap(), 3);
        let (mut a, mut b) = ([0; 1], [0; 2]);
        let parts = &mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
        assert_eq!(one.read_vectored(parts).unwrap(), 3);
        assert_eq!((buffer, a, b), (*b"abc", *b"d", *b"ef"));
        assert_eq!(flags(fd), before);
        quadrivium::green::perform(writer).unwrap();
    });
}

#[test]
fn a_write_waits_until_all_is_written() {
    const BYTES: usize = 8 << 20;
    let bytes: Vec<_> = (0..251).cycle().take(BYTES).collect();
    run_checked(move || {
        let (mut one, mut two) = pair();
        let reader = spawn(green(move || {
            let mut all = Vec::new();
            thread::sleep(20 * MS);
            two.read_to_end(&mut all).unwrap();
            all
        }));
        let (start, rest) = bytes.split_at(BYTES / 2);
        assert_eq!(one.write(start).unwrap(), start.len(), "as a call that blocks");
        let (middle, end) = rest.split_at(5);
        let parts = [IoSlice::new(middle), IoSlice::new(end)];
        assert_eq!(one.write_vectored(&parts).unwrap(), rest.len());
        drop(one);
        assert!(quadrivium::green::perform(reader).unwrap() == bytes);
    });
}

#[test]
fn limits_of_reads_and_writes_are_obeyed() {
    run_checked(|| {
        let (mut one, _two) = pair();
        one.set_read_timeout(Some(30 * MS)).unwrap();
        one.set_write_timeout(Some(30 * MS)).unwrap();
        let start = Instant::now();
        assert_eq!(one.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!((30 * MS..500 * MS).contains(&start.elapsed()), "{:?}", start.elapsed());
        let start = Instant::now();
        let error = loop {
            if let Err(error) = one.write(&[0; 1 << 16]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(start.elapsed() >= 30 * MS);
        let listener = UdpSocket::bind(LOCALHOST).unwrap();
        listener.set_read_timeout(Some(5 * MS)).unwrap();
        assert_eq!(listener.recv_from(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_connect_that_waits() {
    run_checked(|| {
        let listener = TcpListener::bind(LOCALHOST).unwrap();
        let server = listener.local_addr().unwrap();
        drop(listener);
        assert_eq!(TcpStream::connect(server).unwrap_err().kind(), ErrorKind::ConnectionRefused);

        // A queue for one connection. Further ones wait until it has room.
        let listener = TcpListener::bind(LOCALHOST).unwrap();
        // SAFETY: It takes integers.
        unsafe { libc::listen(listener.as_raw_fd(), 0) };
        let server = listener.local_addr().unwrap();
        let clients: Vec<_> =
            (0..4).map(|_| spawn(green(move || ask_for_send_limit(server)))).collect();
        thread::sleep(50 * MS);
        for _ in 0..4 {
            drop(listener.accept().unwrap());
        }
        for client in clients {
            let limit = quadrivium::green::perform(client).unwrap();
            assert_eq!(limit.unwrap(), None, "the limit is the former one");
        }
    });
}

fn ask_for_send_limit(server: SocketAddr) -> io::Result<Option<Duration>> {
    TcpStream::connect(server)?.write_timeout()
}

#[test]
fn datagrams_and_unix_sockets() {
    run_checked(|| {
        let receiver = UdpSocket::bind(LOCALHOST).unwrap();
        let to = receiver.local_addr().unwrap();
        let _detached = spawn(green(move || {
            thread::sleep(5 * MS);
            let sender = UdpSocket::bind(LOCALHOST).unwrap();
            sender.send_to(b"one", to).unwrap();
            sender.connect(to).unwrap();
            sender.send(b"two").unwrap();
        }));
        let mut buffer = [0; 8];
        assert_eq!(receiver.recv_from(&mut buffer).unwrap().0, 3);
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"two");

        let (mut one, mut two) = UnixStream::pair().unwrap();
        let _detached = spawn(green(move || two.write_all(&[7; 1 << 20]).unwrap()));
        let mut all = Vec::new();
        assert_eq!(one.read_to_end(&mut all).unwrap(), 1 << 20);

        let (one, two) = UnixDatagram::pair().unwrap();
        let _detached = spawn(green(move || {
            thread::sleep(5 * MS);
            two.send(b"three").unwrap();
        }));
        assert_eq!(one.recv(&mut buffer).unwrap(), 5);
    });
}

#[test]
fn a_socket_that_is_non_blocking_stays_so() {
    run(|| {
        let (mut one, _two) = pair();
        one.set_nonblocking(true).unwrap();
        assert_eq!(one.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let listener = TcpListener::bind(LOCALHOST).unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_descriptor_that_is_closed_meanwhile() {
    run(|| {
        let (one, mut two) = pair();
        let fd = one.as_raw_fd();
        let reader = spawn(green(move || {
            let mut byte = 0_u8;
            // SAFETY: The pointer points to a byte.
            let n = unsafe { libc::recv(fd, (&raw mut byte).cast(), 1, 0) };
            (n, byte)
        }));
        thread::sleep(5 * MS);
        drop(one);
        two.write_all(b"x").unwrap();
        assert_eq!(quadrivium::green::perform(reader).unwrap(), (1, b'x'));
        // SAFETY: The buffer is not used.
        assert_eq!(unsafe { libc::recv(-1, std::ptr::null_mut(), 0, 0) }, -1);
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::EBADF));
    });
}

#[test]
fn a_descriptor_that_is_waited_for_on_another_host() {
    let (one, mut two) = pair();
    let mut here = one.try_clone().unwrap();
    let mut there = one;
    let elsewhere = thread::spawn(move || run(move || there.read(&mut [0]).unwrap()));
    let writer = thread::spawn(move || {
        for _ in 0..2 {
            thread::sleep(20 * MS);
            two.write_all(b"x").unwrap();
        }
    });
    assert_eq!(run(move || here.read(&mut [0]).unwrap()), 1);
    assert_eq!(elsewhere.join().unwrap(), 1);
    writer.join().unwrap();
}

#[test]
fn a_task_that_is_always_ready_lets_the_others_run() {
    let mut event_loop = EventLoop::new().unwrap();
    let (one, two) = UdpSocket::bind(LOCALHOST).and_then(|it| Ok((it.try_clone()?, it))).unwrap();
    one.connect(two.local_addr().unwrap()).unwrap();
    let busy = event_loop.spawn(patch(move || {
        loop {
            one.send(b"x").unwrap();
            one.recv(&mut [0]).unwrap();
        }
    }));
    event_loop.block_on(sleep(20 * MS)).unwrap();
    busy.cancel();
}
