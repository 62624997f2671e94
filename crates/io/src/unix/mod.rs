//! Unix sockets, as in `std::os::unix::net`.
//!
//! Unlike there, a path that begins with a NUL byte is an abstract name (Linux), for every
//! operation.

mod stream;
mod listener;
mod datagram;
mod address;

pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use stream::UnixStream;
