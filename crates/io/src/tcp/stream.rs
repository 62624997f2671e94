//! [`TcpStream`].

use std::{
    io,
    net::{self, Shutdown, SocketAddr},
    os::fd::AsFd,
    sync::Arc,
    time::Duration,
};

use quadrivium_core::Interest;
use socket2::{SockRef, Socket};

use super::connect::TcpConnect;
use crate::{
    descriptor::{Borrowed, Buffer, Leaf, Operation, Owned, Source, Tried},
    dns::Address,
    socket::{connect::Connects, socket_methods},
    stream::{read::read_methods, write::write_methods},
};

/// A TCP connection. Clones are the same socket; it is closed when the last of them, and the last
/// operation on it, is dropped.
///
/// All operations take `&self`: one task may read while another writes. Several may also read, or
/// write, at once; each byte goes to one of them, in no order that is worth relying on.
#[derive(Clone, Debug)]
pub struct TcpStream {
    source: Arc<Source<net::TcpStream>>,
}

// `read`, `read_exact`, `read_vectored` and `read_to_end`, each also with `_owned`: in
// `stream/read.rs`.
read_methods! { TcpStream }
// `write`, `write_all` and `write_vectored`, each also with `_owned`: in `stream/write.rs`.
write_methods! { TcpStream, end_writing: |stream| stream.shutdown(Shutdown::Write) }

impl TcpStream {
    /// Connects to an address, or to a name, as in `"localhost:80"` or `("localhost", 80)`.
    ///
    /// A name is [looked up](crate::dns::lookup). Of several addresses the first that answers is
    /// taken: they are tried one after the other, the families by turns (IPv6 and IPv4), the next
    /// as soon as one fails and at the latest after 250 ms (RFC 8305, "Happy Eyeballs"). Where none
    /// answers, the error says of each why.
    ///
    /// Dropped before it is done, it closes its sockets: there will be no connection.
    ///
    /// ```
    /// use quadrivium::{net::{TcpListener, TcpStream}, prelude::*};
    ///
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0).into())?;
    /// let port = listener.local_addr()?.port();
    /// let stream = EventLoop::new()?.block_on(TcpStream::connect(("localhost", port)))??;
    /// assert_eq!(stream.peer_addr()?.port(), port);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connect(address: impl Into<Address>) -> TcpConnect {
        TcpConnect::new(address.into())
    }

    /// One that a listener has accepted.
    pub(super) fn accepted(stream: net::TcpStream, is_plain_tcp: bool) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let source = if is_plain_tcp { Source::plain_tcp(stream) } else { Source::new(stream) };
        Ok(Self { source: Arc::new(source) })
    }

    /// Reads without taking out: the next read finds the same bytes.
    ///
    /// Dropped before it is done, it has done nothing.
    pub fn peek<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        peek(&self.source, Borrowed(buffer))
    }

    /// The same, with a buffer that is given back.
    pub fn peek_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        peek(&self.source, Owned(buffer))
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

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.source.io().nodelay()
    }

    /// Sends small writes at once, instead of gathering them while an answer is due.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.source.io().set_nodelay(nodelay)
    }

    /// How many routers a packet may pass.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn ttl(&self) -> io::Result<u32> {
        self.source.io().ttl()
    }

    /// Lets a packet pass so many routers.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.source.io().set_ttl(ttl)
    }

    /// What happens to unsent bytes when the socket is closed.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.source.io()).linger()
    }

    /// With no time at all, closing the socket resets the connection and loses what is unsent. With
    /// more, closing blocks the OS thread so long: rarely what a loop wants.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.source.io()).set_linger(linger)
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
socket_methods! { TcpStream, net::TcpStream, SocketAddr }

fn peek<B: Buffer<Content: AsMut<[u8]>>>(
    source: &Arc<Source<net::TcpStream>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<B> {
    let no_bytes = buffer.content().as_mut().is_empty();
    Operation::new(source, Interest::Readable, buffer, |stream, bytes: &mut B::Content| {
        let bytes = bytes.as_mut();
        // As for reads: the kernel would have it wait for bytes.
        if bytes.is_empty() { Ok(Tried::Done(0)) } else { stream.peek(bytes).map(Tried::Done) }
    })
    .at_once(no_bytes)
}

impl Connects for TcpStream {
    fn of(socket: Socket) -> Self {
        Self { source: Arc::new(Source::own_tcp(socket.into())) }
    }

    fn source(&self) -> &Source<impl AsFd> {
        &self.source
    }
}
