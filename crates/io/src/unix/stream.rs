//! [`UnixStream`].

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
        connect::{Connect, Connects},
        socket_methods,
    },
    stream::{read::read_methods, write::write_methods},
};

/// A Unix stream connection. Clones are the same socket; it is closed when the last of them, and
/// the last operation on it, is dropped.
///
/// All operations take `&self`, as those of [`TcpStream`](crate::net::TcpStream).
#[derive(Clone, Debug)]
pub struct UnixStream {
    source: Arc<Source<net::UnixStream>>,
}

// `read`, `read_exact`, `read_vectored` and `read_to_end`, each also with `_owned`: in
// `stream/read.rs`.
read_methods! { UnixStream }
// `write`, `write_all` and `write_vectored`, each also with `_owned`: in `stream/write.rs`.
write_methods! { UnixStream, end_writing: |stream| stream.shutdown(Shutdown::Write) }

impl UnixStream {
    /// Connects to the listener at this path. One that begins with a NUL byte is an abstract name
    /// (Linux); with a NUL byte elsewhere in it the output is an `InvalidInput` error.
    ///
    /// Where its queue is full the output is a `WouldBlock` error, as the kernel would not tell
    /// when there is room.
    pub fn connect(path: impl AsRef<Path>) -> Connect<UnixStream> {
        let path = path.as_ref();
        // Asked first, since socket2 does not look for NUL bytes.
        Connect::new(address(path).and_then(|_| SockAddr::unix(path)))
    }

    /// Two streams that are connected with each other.
    ///
    /// # Errors
    ///
    /// When no descriptors are left.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = net::UnixStream::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    /// Ends reading, writing or both. The other end reads the end of the stream; what waits here on
    /// this direction goes on.
    ///
    /// # Errors
    ///
    /// `NotConnected` when the other end is gone already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.source.io().shutdown(how)
    }

    /// The address of the other end.
    ///
    /// # Errors
    ///
    /// When the other end is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
socket_methods! { UnixStream, net::UnixStream, SocketAddr }

impl Connects for UnixStream {
    fn of(socket: Socket) -> Self {
        Self::new(socket.into())
    }

    fn source(&self) -> &Source<impl AsFd> {
        &self.source
    }
}
