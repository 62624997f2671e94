//! Unix sockets, as in `std::os::unix::net`.
//!
//! Unlike there, a path that begins with a NUL byte is an abstract name (Linux), for every operation.

mod address;
mod datagram;
mod listener;
mod stream;

pub use datagram::UnixDatagram;
pub use listener::UnixListener;
pub use stream::UnixStream;
