//! Calls that are not reported.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::unix::net::UnixStream,
    panic::catch_unwind,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use quadrivium::{prelude::*, process::Command, sync::channel, thread::offload};
use quadrivium_hooks::must_not_block;

use crate::{check, in_each_style};

#[track_caller]
fn assert_allowed(call: fn()) {
    for (style, task) in in_each_style(call) {
        assert_eq!(check(task), Ok(()), "{style}");
    }
}

#[test]
fn calls_on_descriptors_that_do_not_block() {
    assert_allowed(|| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let (mut one, _two) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        assert_eq!(one.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(one.write(b"x").unwrap(), 1);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        // A connect of a datagram socket only notes the address.
        socket.connect(listener.local_addr().unwrap()).unwrap();
    });
}

#[test]
fn locks_that_are_free() {
    assert_allowed(|| {
        drop(Mutex::new(()).lock());
        let (sender, receiver) = mpsc::channel();
        sender.send(1).unwrap();
        assert_eq!(receiver.recv(), Ok(1));
        assert!(receiver.recv_timeout(Duration::ZERO).is_err());
    });
}

#[test]
fn times_that_are_over() {
    assert_allowed(|| {
        thread::sleep(Duration::ZERO);
        thread::yield_now();
        thread::park_timeout(Duration::ZERO);
    });
}

#[test]
fn writes_to_standard_output_and_error() {
    assert_allowed(|| {
        io::stdout().write_all(b"").unwrap();
        io::stdout().flush().unwrap();
        io::stderr().write_all(b"a message of a task\n").unwrap();
    });
}

#[test]
fn the_message_of_a_panic() {
    assert_allowed(|| assert!(catch_unwind(|| panic!("on purpose")).is_err()));
}

#[test]
fn calls_inside_functions_that_the_user_allows() {
    fn load() -> Vec<u8> {
        fs::read("/proc/self/status").unwrap()
    }
    let task = || future(async { assert!(!load().is_empty()) });
    let run = |task| EventLoop::new().unwrap().block_on(task);
    let name = "blocking::allowed::calls_inside_functions_that_the_user_allows::load";
    run(must_not_block(task()).allow(name)).unwrap();
    run(must_not_block(task()).allow("std::fs::read")).unwrap();
    assert!(run(must_not_block(task()).allow("std::fs::write")).is_err());
}

/// A server and a client, a file, a child process, a channel, a name and work on another thread.
async fn replacements() -> io::Result<()> {
    use quadrivium::{dns, fs, net};

    let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = spawn(future(async move {
        let (stream, _) = listener.accept().await?;
        stream.write_all(b"hello").await
    }));
    let client = net::TcpStream::connect(address).await?;
    let mut bytes = [0; 5];
    client.read_exact(&mut bytes).await?;
    assert_eq!(&bytes, b"hello");
    server.await.unwrap()?;
    sleep(Duration::from_millis(1)).await;
    assert!(!fs::read("/proc/self/status").await?.is_empty());
    assert!(Command::new("true").status().await?.success());
    assert_eq!(dns::lookup("127.0.0.1:80").await?.len(), 1);
    assert!(!dns::lookup("localhost:80").await?.is_empty());
    offload(|| std::thread::sleep(Duration::from_millis(1))).await;
    let (sender, receiver) = channel::bounded(1);
    let sent = spawn(future(async move { sender.send(7).await }));
    assert_eq!(receiver.recv().await, Ok(7));
    sent.await.unwrap().unwrap();
    Ok(())
}

#[test]
fn the_replacements() {
    let task = future(async { replacements().await.unwrap() });
    assert_eq!(check(task), Ok(()));
}
