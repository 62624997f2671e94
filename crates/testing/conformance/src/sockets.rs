//! Sockets for laws: on loopback, with addresses that the system chooses, for loops on the real
//! clock.

use std::{
    env, fs, io, net,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use quadrivium::net::{TcpListener, TcpStream};

pub(crate) use crate::event_loop::real_loop;

/// Returns a listener and its address.
pub(crate) fn listener() -> (TcpListener, net::SocketAddr) {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0)).expect("a port is free");
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Returns the two ends of a TCP connection.
pub(crate) fn tcp() -> (TcpStream, TcpStream) {
    let (one, other) = std_tcp();
    (TcpStream::from_std(one).unwrap(), TcpStream::from_std(other).unwrap())
}

/// Returns the two ends of a TCP connection, as sockets that block.
pub(crate) fn std_tcp() -> (net::TcpStream, net::TcpStream) {
    let listener = net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let one = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    // Another program may connect to our port, though this is unlikely.
    loop {
        let (other, peer) = listener.accept().unwrap();
        if peer == one.local_addr().unwrap() {
            return (one, other);
        }
    }
}

/// Returns `n` bytes, where neighbours always differ.
pub(crate) fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % 251) as u8).collect()
}

/// Returns the bytes that were read: the first `n` of the buffer.
pub(crate) fn read((n, mut buffer): (io::Result<usize>, Vec<u8>)) -> Vec<u8> {
    buffer.truncate(n.unwrap());
    buffer
}

/// A path where no file is. A file that is there in the end is removed.
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
