//! Calls that are not reported.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::unix::net::UnixStream,
    panic::catch_unwind,
    pin::Pin,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use quadrivium::{
    dns, future,
    green::perform,
    prelude::*,
    process::Command,
    sync::{self, channel},
    task::{BoxTask, Context, Step},
    thread::offload,
};
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

/// What replaces blocking calls: leaves, whose outputs are checked.
fn leaves() -> Vec<(&'static str, BoxTask<()>)> {
    use quadrivium::{fs, net};

    let listener = leaked(net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let address = listener.local_addr().unwrap();
    let (one, two) = net::UnixStream::pair().unwrap();
    let (one, two) = (leaked(one), leaked(two));
    let socket = leaked(net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let to_itself = socket.local_addr().unwrap();
    let (sender, receiver) = channel::bounded(1);
    let (sender, receiver) = (leaked(sender), leaked(receiver));
    let mutex = leaked(sync::Mutex::new(()));
    let moment = Duration::from_millis(1);
    vec![
        leaf("time::sleep", sleep(moment), |()| true),
        leaf("time::turn", turn(), |()| true),
        leaf("net::TcpStream::connect", net::TcpStream::connect(address), |it| it.is_ok()),
        leaf("net::TcpListener::accept", listener.accept(), |it| it.is_ok()),
        leaf("net::UnixStream::write", one.write(b"x"), |n| n.unwrap() == 1),
        leaf("net::UnixStream::read", two.read(leaked([0; 4])), |n| n.unwrap() == 1),
        leaf("net::UdpSocket::send_to", socket.send_to(b"x", to_itself), |n| n.unwrap() == 1),
        leaf("net::UdpSocket::recv_from", socket.recv_from(leaked([0; 4])), |it| it.is_ok()),
        leaf("fs::read", fs::read("/proc/self/status"), |it| !it.unwrap().is_empty()),
        leaf("fs::metadata", fs::metadata("/proc/self/status"), |it| it.is_ok()),
        leaf("fs::File::open", fs::File::open("/proc/self/status"), |it| it.is_ok()),
        leaf("process::status", Command::new("true").status(), |it| it.unwrap().success()),
        leaf("process::output", Command::new("echo").output(), |it| it.unwrap().stdout == b"\n"),
        leaf("dns::lookup of an address", dns::lookup("127.0.0.1:80"), |it| it.is_ok()),
        leaf("dns::lookup of a name", dns::lookup("localhost:80"), |it| it.is_ok()),
        leaf("thread::offload", offload(move || thread::sleep(moment)), |()| true),
        leaf("sync::channel::send", sender.send(7), |sent| sent.is_ok()),
        leaf("sync::channel::recv", receiver.recv(), |got| got == Ok(7)),
        leaf("sync::Mutex::lock", mutex.lock(), |_guard| true),
    ]
}

/// Returns a value for the rest of the process, so that a leaf may borrow it.
fn leaked<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// A leaf whose output is checked.
struct Checked<T, C> {
    name: &'static str,
    leaf: Pin<Box<T>>,
    is_right: C,
}

fn leaf<T: Task + 'static>(
    name: &'static str,
    leaf: T,
    is_right: fn(T::Output) -> bool,
) -> (&'static str, BoxTask<()>) {
    (name, Box::pin(Checked { name, leaf: Box::pin(leaf), is_right }))
}

impl<T: Task> Task for Checked<T, fn(T::Output) -> bool> {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        match self.leaf.as_mut().resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(output) => {
                assert!((self.is_right)(output), "{}", self.name);
                Step::Done(())
            }
        }
    }
}

#[test]
fn the_replacements_as_callbacks() {
    for (name, leaf) in leaves() {
        let task = callback(move |cb| cb.perform(leaf, |cb, ()| cb.done(())));
        assert_eq!(check(task), Ok(()), "{name}");
    }
}

#[test]
fn the_replacements_in_generators() {
    for (name, leaf) in leaves() {
        let task = generator(move |mut co| async move { co.perform(leaf).await });
        assert_eq!(check(task), Ok(()), "{name}");
    }
}

#[test]
fn the_replacements_in_futures() {
    for (name, leaf) in leaves() {
        assert_eq!(check(future(async move { future::perform(leaf).await })), Ok(()), "{name}");
    }
}

#[test]
fn the_replacements_in_green_threads() {
    for (name, leaf) in leaves() {
        assert_eq!(check(green(move || perform(leaf))), Ok(()), "{name}");
    }
}
