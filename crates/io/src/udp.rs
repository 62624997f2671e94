//! [`UdpSocket`], as in `std::net`.

use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};

use socket2::{Domain, Socket, Type};

use crate::{
    descriptor::{Borrowed, Leaf, Owned, Source},
    socket::{
        datagram::{datagram_methods, receive, send},
        socket_methods,
    },
};

/// Sends and receives UDP datagrams. Clones are the same socket; it is closed when the last of
/// them, and the last operation on it, is dropped.
///
/// ```
/// use quadrivium::{green::perform, net::UdpSocket, prelude::*};
///
/// let anywhere = "127.0.0.1:0".parse()?;
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

// `recv`, `recv_from` and `send`, each also with `_owned`: in `socket/datagram.rs`.
datagram_methods! { UdpSocket, net::UdpSocket, SocketAddr }

impl UdpSocket {
    /// A socket with this address; with one of the system's choice where the port is 0.
    ///
    /// # Errors
    ///
    /// When the address is in use, or not ours.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        bind(address, |_| Ok(()))
    }

    /// The same, together with others that have this address: the kernel deals datagrams out among
    /// them (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// As [`bind`](UdpSocket::bind).
    pub fn bind_reuse_port(address: SocketAddr) -> io::Result<Self> {
        bind(address, |socket| socket.set_reuse_port(true))
    }

    /// Sends to this address from now on, and receives from there alone. Does not wait: nothing is
    /// sent for that.
    ///
    /// # Errors
    ///
    /// When the kernel knows no way there.
    pub fn connect(&self, address: SocketAddr) -> io::Result<()> {
        self.source.io().connect(address)
    }

    /// Sends a datagram to this address: how many bytes.
    ///
    /// Dropped before it is done, it has sent nothing.
    pub fn send_to<'a>(
        &self,
        bytes: &'a [u8],
        to: SocketAddr,
    ) -> impl Leaf<io::Result<usize>> + use<'a> {
        send(&self.source, Borrowed(bytes), move |socket, bytes| socket.send_to(bytes, to))
    }

    /// The same, with bytes that are given back.
    pub fn send_to_owned<B: AsRef<[u8]>>(
        &self,
        bytes: B,
        to: SocketAddr,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        send(&self.source, Owned(bytes), move |socket, bytes| socket.send_to(bytes, to))
    }

    /// Receives without taking out: the next receive finds the same datagram.
    ///
    /// Dropped before it is done, it has done nothing.
    pub fn peek_from<'a>(
        &self,
        buffer: &'a mut [u8],
    ) -> impl Leaf<io::Result<(usize, SocketAddr)>> + use<'a> {
        receive(&self.source, Borrowed(buffer), net::UdpSocket::peek_from)
    }

    /// The same, with a buffer that is given back.
    pub fn peek_from_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<(usize, SocketAddr)>, B)> + use<B> {
        receive(&self.source, Owned(buffer), net::UdpSocket::peek_from)
    }

    /// The address it is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected` when it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().peer_addr()
    }

    /// Lets it send to broadcast addresses.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_broadcast(&self, broadcast: bool) -> io::Result<()> {
        self.source.io().set_broadcast(broadcast)
    }

    /// Lets a datagram pass so many routers.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.source.io().set_ttl(ttl)
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
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
