//! What the tests of leaves need: sockets, a child, and a file that blocks.

use std::{
    env, fs,
    net::{SocketAddr, TcpStream as StdStream},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use quadrivium::{
    net::{TcpStream, UnixListener},
    process::Command,
};
use rustix::fs::OFlags;
use socket2::{Domain, Socket, Type};

/// Two ends of a TCP connection.
pub fn tcp_pair() -> (TcpStream, StdStream) {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let one = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, _) = listener.accept().unwrap();
    (TcpStream::from_std(one).unwrap(), other)
}

/// A listener whose queue is full, so that a connection to it does not come about.
pub fn full_listener() -> (Socket, SocketAddr, Vec<Socket>) {
    let socket = || Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let listener = socket();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let others: Vec<_> = (0..4).map(|_| socket()).collect();
    for other in &others {
        other.set_nonblocking(true).unwrap();
        _ = other.connect(&address.into());
    }
    (listener, address, others)
}

fn new_path() -> PathBuf {
    static PATHS: AtomicU32 = AtomicU32::new(0);
    let number = PATHS.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("quadrivium-inspect-{}-{number}", process::id()))
}

pub fn unix_listener() -> UnixListener {
    let path = new_path();
    let listener = UnixListener::bind(&path).unwrap();
    fs::remove_file(path).unwrap();
    listener
}

/// A child that runs until it is killed.
pub fn sleeping() -> Command {
    let mut command = Command::new("sleep");
    command.arg("3600").kill_on_drop(true);
    command
}

/// A named pipe. Opening it to read blocks until this is dropped.
pub struct Fifo {
    path: PathBuf,
}

impl Fifo {
    pub fn new() -> Self {
        let path = new_path();
        let made = process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        // The reader is in its call, or will be soon, unless its task was dropped before.
        let mut options = fs::OpenOptions::new();
        options.write(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        for _ in 0..100 {
            if options.open(&self.path).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        fs::remove_file(&self.path).unwrap();
    }
}
