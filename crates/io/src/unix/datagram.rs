//! [`UnixDatagram`]: a Unix datagram socket.

use std::{
    io,
    os::unix::net::{self, SocketAddr},
    path::Path,
    sync::Arc,
};

use quadrivium_core::Interest::Writable;

use super::address::address;
use crate::{
    descriptor::{Borrowed, Leaf, Operation, Owned, Source, Tried},
    socket::{datagram::datagram_methods, socket_methods},
};

/// Sends and receives Unix datagrams, which are neither lost nor reordered.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped. Its file is not removed.
#[derive(Clone, Debug)]
pub struct UnixDatagram {
    source: Arc<Source<net::UnixDatagram>>,
}

// The methods `recv`, `recv_from` and `send`, and their `_owned` forms, are in
// `socket/datagram.rs`.
datagram_methods! { UnixDatagram, net::UnixDatagram, SocketAddr }

impl UnixDatagram {
    /// Creates a socket at this path, where no file may exist yet. A path that begins with a NUL
    /// byte is an abstract name (Linux), here and in all other methods that take a path.
    ///
    /// # Errors
    ///
    /// Returns an `AddrInUse` error when the path exists. Returns an `InvalidInput` error when the
    /// path is too long, or has a NUL byte after its first byte. Returns an error when the socket
    /// cannot be created.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_std(net::UnixDatagram::bind_addr(&address(path.as_ref())?)?)
    }

    /// Creates a socket without a path. Other sockets cannot answer it.
    ///
    /// # Errors
    ///
    /// Returns an error when the process has no free descriptors.
    pub fn unbound() -> io::Result<Self> {
        Self::from_std(net::UnixDatagram::unbound()?)
    }

    /// Creates two sockets that are connected with each other.
    ///
    /// # Errors
    ///
    /// Returns an error when the process has no free descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = net::UnixDatagram::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    /// Sends to the socket at this path from now on, and receives only from there. Does not wait.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such socket, and for paths that [`bind`](Self::bind) does
    /// not accept.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.source.io().connect_addr(&address(path.as_ref())?)
    }

    /// Sends a datagram to the socket at this path, and returns the number of bytes.
    ///
    /// While the receiver's queue is full, the operation tries again every millisecond. The kernel
    /// reports free room only to a socket that is connected to the receiver.
    ///
    /// An operation that is dropped before it is done has sent nothing.
    #[track_caller]
    pub fn send_to<'a, P: AsRef<Path>>(
        &self,
        bytes: &'a [u8],
        to: P,
    ) -> impl Leaf<io::Result<usize>> + use<'a, P> {
        Operation::new(&self.source, Writable, Borrowed(bytes), move |socket, bytes| {
            retry_if_full(socket.send_to_addr(bytes, &address(to.as_ref())?))
        })
    }

    /// Like [`send_to`](Self::send_to), but takes the bytes and returns them with the result.
    #[track_caller]
    pub fn send_to_owned<B: AsRef<[u8]>, P: AsRef<Path>>(
        &self,
        bytes: B,
        to: P,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, P> {
        Operation::new(&self.source, Writable, Owned(bytes), move |socket, bytes| {
            retry_if_full(socket.send_to_addr((*bytes).as_ref(), &address(to.as_ref())?))
        })
    }

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Returns a `NotConnected` error when the socket is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { UnixDatagram, net::UnixDatagram, SocketAddr }

/// Schedules another attempt if the receiver's queue is full. No edge reports when there is room
/// again. And each attempt that fails makes an edge of its own, so waiting for edges would keep the
/// loop busy.
fn retry_if_full(sent: io::Result<usize>) -> io::Result<Tried<usize>> {
    match sent {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Tried::RetryLater),
        sent => sent.map(Tried::Done),
    }
}
