//! Unix sockets, with the methods of their namesakes in `std::os::unix::net`.
//!
//! Unlike in the standard library, every operation that takes a path accepts abstract names
//! (Linux): paths that begin with a NUL byte.

mod stream;
mod listener;
mod datagram;
mod address;

pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use stream::UnixStream;
