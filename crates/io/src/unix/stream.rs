//! [`UnixStream`]: a Unix stream connection.

use std::{
    io,
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::net::{self, SocketAddr},
    },
    path::Path,
    sync::Arc,
};

use socket2::{SockAddr, Socket};

use super::address::address;
use crate::{
    descriptor::Source,
    socket::{
        connect::{Connect, Connectable},
        socket_methods,
    },
    stream::{read::read_methods, write::write_methods},
};

/// A Unix stream connection.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped.
///
/// All operations take `&self`, like the methods of [`TcpStream`](crate::net::TcpStream).
#[derive(Clone, Debug)]
pub struct UnixStream {
    source: Arc<Source<net::UnixStream>>,
}

// The methods `read`, `read_exact`, `read_vectored` and `read_to_end`, and their `_owned` forms,
// are in `stream/read.rs`.
read_methods! { UnixStream }
// The methods `write`, `write_all` and `write_vectored`, and their `_owned` forms, are in
// `stream/write.rs`.
write_methods! { UnixStream, end_writing: |stream| stream.shutdown(Shutdown::Write) }

impl UnixStream {
    /// Connects to the listener at this path. A path that begins with a NUL byte is an abstract
    /// name (Linux). If the path has a NUL byte elsewhere, the output is an `InvalidInput` error.
    ///
    /// If the listener's queue is full, the output is a `WouldBlock` error, because the kernel does
    /// not report when there is room.
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> Connect<UnixStream> {
        let path = path.as_ref();
        // Our own check comes first, because socket2 does not check for NUL bytes.
        Connect::new(address(path).and_then(|_| SockAddr::unix(path)))
    }

    /// Creates two streams that are connected with each other.
    ///
    /// # Errors
    ///
    /// Returns an error when the process has no free descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = net::UnixStream::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    /// Ends reading, writing or both. After the end of writing, the other end reads the end of the
    /// stream. Operations of this stream that wait in that direction are woken and end.
    ///
    /// # Errors
    ///
    /// Returns a `NotConnected` error when the connection has already ended.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.source.io().shutdown(how)
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// Returns an error when the connection has ended.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { UnixStream, net::UnixStream, SocketAddr }

impl Connectable for UnixStream {
    fn from_socket(socket: Socket) -> Self {
        Self::new(socket.into())
    }

    fn source(&self) -> &Source<impl AsFd> {
        &self.source
    }
}
