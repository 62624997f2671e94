//! [`UnixDatagram`].

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

/// Sends and receives Unix datagrams, which are neither lost nor reordered. Clones are the same
/// socket; it is closed when the last of them, and the last operation on it, is dropped. The file
/// stays.
#[derive(Clone, Debug)]
pub struct UnixDatagram {
    source: Arc<Source<net::UnixDatagram>>,
}

// `recv`, `recv_from` and `send`, each also with `_owned`: in `socket/datagram.rs`.
datagram_methods! { UnixDatagram, net::UnixDatagram, SocketAddr }

impl UnixDatagram {
    /// A socket at this path, where there must be no file yet. One that begins with a NUL byte is
    /// an abstract name (Linux), here and wherever a path is taken.
    ///
    /// # Errors
    ///
    /// `AddrInUse` when there is one; `InvalidInput` for a path that is too long, or has a NUL byte
    /// behind its first; when it cannot be made.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_std(net::UnixDatagram::bind_addr(&address(path.as_ref())?)?)
    }

    /// A socket without a path: nobody can answer it.
    ///
    /// # Errors
    ///
    /// When no descriptors are left.
    pub fn unbound() -> io::Result<Self> {
        Self::from_std(net::UnixDatagram::unbound()?)
    }

    /// Two sockets that are connected with each other.
    ///
    /// # Errors
    ///
    /// When no descriptors are left.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = net::UnixDatagram::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
    }

    /// Sends to the socket at this path from now on, and receives from there alone. Does not wait.
    ///
    /// # Errors
    ///
    /// When there is no such socket, and when there cannot be one, as for [`bind`](Self::bind).
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.source.io().connect_addr(&address(path.as_ref())?)
    }

    /// Sends a datagram to the socket at this path: how many bytes.
    ///
    /// While the receiver's queue is full it tries again every millisecond: the kernel tells who is
    /// connected when there is room, and nobody else.
    ///
    /// Dropped before it is done, it has sent nothing.
    pub fn send_to<'a, P: AsRef<Path>>(
        &self,
        bytes: &'a [u8],
        to: P,
    ) -> impl Leaf<io::Result<usize>> + use<'a, P> {
        Operation::new(&self.source, Writable, Borrowed(bytes), move |socket, bytes| {
            later(socket.send_to_addr(bytes, &address(to.as_ref())?))
        })
    }

    /// The same, with bytes that are given back.
    pub fn send_to_owned<B: AsRef<[u8]>, P: AsRef<Path>>(
        &self,
        bytes: B,
        to: P,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B, P> {
        Operation::new(&self.source, Writable, Owned(bytes), move |socket, bytes| {
            later(socket.send_to_addr((*bytes).as_ref(), &address(to.as_ref())?))
        })
    }

    /// The address it is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected` when it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
socket_methods! { UnixDatagram, net::UnixDatagram, SocketAddr }

/// No edge tells when there is room again; and every try that fails makes one of its own, so to
/// wait for edges would keep the loop busy.
fn later(sent: io::Result<usize>) -> io::Result<Tried<usize>> {
    match sent {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Tried::Later),
        sent => sent.map(Tried::Done),
    }
}
