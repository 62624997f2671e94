//! Sockets for laws: on loopback, at addresses of the system's choice, on the real clock.

use std::{
    env, fs, io, net,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use quadrivium::net::{TcpListener, TcpStream};

pub(crate) use crate::event_loop::real_loop;

/// A listener, and where it listens.
pub(crate) fn listener() -> (TcpListener, net::SocketAddr) {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of a TCP connection.
pub(crate) fn tcp() -> (TcpStream, TcpStream) {
    let (one, other) = std_tcp();
    (TcpStream::from_std(one).unwrap(), TcpStream::from_std(other).unwrap())
}

/// The same, as sockets that block.
pub(crate) fn std_tcp() -> (net::TcpStream, net::TcpStream) {
    let listener = net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let one = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    // Somebody else's connection to our port would be a strange thing, but it is possible.
    loop {
        let (other, peer) = listener.accept().unwrap();
        if peer == one.local_addr().unwrap() {
            return (one, other);
        }
    }
}

/// So many bytes of which no two neighbours are alike.
pub(crate) fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % 251) as u8).collect()
}

/// The buffer, of which so many bytes count.
pub(crate) fn read((n, mut buffer): (io::Result<usize>, Vec<u8>)) -> Vec<u8> {
    buffer.truncate(n.unwrap());
    buffer
}

/// A path where no file is; what is there in the end is removed.
pub(crate) struct NewPath(pub(crate) PathBuf);

impl NewPath {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("quadrivium-{}-{count}", process::id())))
    }
}

impl Drop for NewPath {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
