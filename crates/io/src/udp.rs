//! [`UdpSocket`], with the methods of its namesake in `std::net`.

use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};

use socket2::{Domain, Socket, Type};

use crate::{
    descriptor::{Borrowed, Leaf, Owned, Source},
    dns::Address,
    socket::{
        datagram::{datagram_methods, receive, send},
        socket_methods,
    },
};

/// Sends and receives UDP datagrams.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped.
///
/// ```
/// use quadrivium::{green::perform, net::UdpSocket, prelude::*};
///
/// let anywhere = "127.0.0.1:0";
/// let (here, there) = (UdpSocket::bind(anywhere)?, UdpSocket::bind(anywhere)?);
/// let to = there.local_addr()?;
/// EventLoop::new()?.block_on(green(move || {
///     perform(here.send_to(b"hello", to))?;
///     let mut buffer = [0; 100];
///     let (n, from) = perform(there.recv_from(&mut buffer))?;
///     assert_eq!((&buffer[..n], from), (&b"hello"[..], here.local_addr()?));
///     Ok::<_, std::io::Error>(())
/// }))??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UdpSocket {
    source: Arc<Source<net::UdpSocket>>,
}

// The methods `recv`, `recv_from` and `send`, and their `_owned` forms, are in
// `socket/datagram.rs`.
datagram_methods! { UdpSocket, net::UdpSocket, SocketAddr }

impl UdpSocket {
    /// Creates a socket with this address. If the port is 0, the system chooses one. Of several
    /// addresses it takes the first that it can have.
    ///
    /// # Errors
    ///
    /// Returns an error when the address is in use, or does not belong to this machine. A name is
    /// an error of the kind `InvalidInput`, because a look-up waits: perform
    /// [`dns::lookup`](crate::dns::lookup) first.
    pub fn bind(address: impl Into<Address>) -> io::Result<Self> {
        address.into().bind(|address| bind(address, |_| Ok(())))
    }

    /// Like [`bind`](UdpSocket::bind), but several sockets may have this address (`SO_REUSEPORT`).
    /// The kernel distributes the datagrams among them.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`bind`](UdpSocket::bind).
    pub fn bind_reuse_port(address: impl Into<Address>) -> io::Result<Self> {
        address.into().bind(|address| bind(address, |socket| socket.set_reuse_port(true)))
    }

    /// Sends to this address from now on, and receives only from there. Does not wait, because no
    /// datagram is sent to connect.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel has no route to the address.
    pub fn connect(&self, address: SocketAddr) -> io::Result<()> {
        self.source.io().connect(address)
    }

    /// Sends a datagram to this address, and returns the number of bytes.
    ///
    /// An operation that is dropped before it is done has sent nothing.
    #[track_caller]
    pub fn send_to<'a>(
        &self,
        bytes: &'a [u8],
        to: SocketAddr,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        send(&self.source, Borrowed(bytes), move |socket, bytes| socket.send_to(bytes, to))
    }

    /// Like [`send_to`](Self::send_to), but takes the bytes and returns them with the result.
    #[track_caller]
    pub fn send_to_owned<B: AsRef<[u8]>>(
        &self,
        bytes: B,
        to: SocketAddr,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        send(&self.source, Owned(bytes), move |socket, bytes| socket.send_to(bytes, to))
    }

    /// Receives a datagram without removing it from the queue. The next receive finds the same
    /// datagram.
    ///
    /// An operation that is dropped before it is done has done nothing.
    #[track_caller]
    pub fn peek_from<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<(usize, SocketAddr)>> + use<'a> {
        receive(&self.source, Borrowed(buffer), net::UdpSocket::peek_from)
    }

    /// Like [`peek_from`](Self::peek_from), but takes the buffer and returns it with the result.
    #[track_caller]
    pub fn peek_from_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<(usize, SocketAddr)>, B)> + use<B> {
        receive(&self.source, Owned(buffer), net::UdpSocket::peek_from)
    }

    /// Returns the address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Returns a `NotConnected` error when the socket is not connected.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }

    /// Sets whether the socket may send to broadcast addresses.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.source.io().set_broadcast(broadcast)
    }

    /// Sets the number of routers that a datagram may pass.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.source.io().set_ttl(ttl)
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { UdpSocket, net::UdpSocket, SocketAddr }

fn bind(
    address: SocketAddr,
    options: impl FnOnce(&Socket) -> io::Result<()>,
) -> io::Result<UdpSocket> {
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    options(&socket)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::new(socket.into()))
}
