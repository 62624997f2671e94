//! External crates, unmodified, on one loop. Crates that block run on green threads, and crates
//! that are written for futures run as futures.
//!
//! A test that needs a missing program prints a line and is skipped. If the environment variable
//! `QUADRIVIUM_MUST_NOT_SKIP` is set, it fails instead.

mod axum;
mod futures_io;
mod grpc;
mod http;
mod json;
mod on_this_thread;
mod outside;
mod pipes;
mod postgres;
mod redis;
mod regexes;
mod tls;
mod tokio_io;
mod tracing_spans;
mod ureq;
mod websockets;

use std::net::SocketAddr;

use quadrivium::{
    EventLoop, JoinError, Task,
    net::{TcpListener, TcpStream},
};

/// Returns a listener and its address.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0)).expect("a port is free");
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Returns the two ends of a connection.
fn connected() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let one = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, _) = listener.accept().unwrap();
    (TcpStream::from_std(one).unwrap(), TcpStream::from_std(other).unwrap())
}

/// Spawns two tasks, waits for both, and returns their outputs.
fn both<A, B>(one: A, other: B) -> (A::Output, B::Output)
where
    A: Task<Output: 'static> + 'static,
    B: Task<Output: 'static> + 'static,
{
    let mut event_loop = EventLoop::new().unwrap();
    let (one, other) = (event_loop.spawn(one), event_loop.spawn(other));
    let (one, other) = event_loop.block_on(quadrivium::join(one, other)).unwrap();
    let outcome: Result<_, JoinError> = one.and_then(|one| Ok((one, other?)));
    outcome.unwrap()
}
