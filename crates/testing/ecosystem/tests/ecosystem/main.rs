//! Crates of others, unmodified, on one loop: those that block on green threads, those written for
//! futures as futures.
//!
//! A test that needs a program which is not there says so and is skipped; where the environment
//! variable `QUADRIVIUM_MUST_NOT_SKIP` is set it fails instead.

mod futures_io;
mod http;
mod json;
mod outside;
mod pipes;
mod regexes;
mod tls;
mod websockets;

use std::net::SocketAddr;

use quadrivium::{
    EventLoop, JoinError, Task,
    net::{TcpListener, TcpStream},
};

/// A listener, and where it listens.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("a port is free");
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of a connection.
fn connected() -> (TcpStream, TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let one = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (other, _) = listener.accept().unwrap();
    (TcpStream::from_std(one).unwrap(), TcpStream::from_std(other).unwrap())
}

/// Runs two tasks side by side, as tasks of their own; what they are worth.
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
