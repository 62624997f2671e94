//! [`TcpStream`].

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{Shutdown, SocketAddr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::Arc,
    time::Duration,
};

use quadrivium_core::{Context, Interest, Step, Ticket};
use socket2::SockRef;

use super::TcpConnect;
use crate::{
    address::Address,
    attempts::{attempt_read, attempt_write, attempts},
    connect::Made,
    keep::{Keep, Lent, Owned},
    methods::{read_operations, stream_operations, write_operations},
    operation::{Leaf, Operation},
    options::socket,
    read_to_end::read_to_end,
    source::{Source, Tried},
    stream::{self, Stream},
};

type Std = std::net::TcpStream;

/// A TCP connection. Clones are the same socket; it is closed when the last of them, and the last
/// operation on it, is dropped.
///
/// All operations take `&self`: one task may read while another writes. Several may also read, or
/// write, at once; each byte goes to one of them, in no order that is worth relying on.
#[derive(Clone, Debug)]
pub struct TcpStream {
    source: Arc<Source<Std>>,
}

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
    pub(super) fn accepted(stream: Std, is_plain_tcp: bool) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let source = if is_plain_tcp { Source::plain_tcp(stream) } else { Source::new(stream) };
        Ok(Self { source: Arc::new(source) })
    }

    /// Reads without taking out: the next read finds the same bytes.
    ///
    /// Dropped before it is done, it has done nothing.
    pub fn peek<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        peek(&self.source, Lent(buffer))
    }

    /// The same, with a buffer that is given back.
    pub fn peek_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        peek(&self.source, Owned(buffer))
    }

    /// The address of this end.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.io().local_addr()
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

fn peek<K: Keep<Buffer: AsMut<[u8]>>>(
    source: &Arc<Source<Std>>,
    mut kept: K,
) -> impl Leaf<K::Given<io::Result<usize>>> + use<K> {
    let no_bytes = kept.buffer().as_mut().is_empty();
    Operation::new(source, Interest::Readable, kept, |stream: &Std, buffer: &mut K::Buffer| {
        let buffer = buffer.as_mut();
        // As for reads: the kernel would have it wait for bytes.
        if buffer.is_empty() { Ok(Tried::Done(0)) } else { stream.peek(buffer).map(Tried::Done) }
    })
    .at_once(no_bytes)
}

impl Made for TcpStream {
    type Std = Std;

    fn of(source: Arc<Source<Std>>) -> Self {
        Self { source }
    }
}

stream_operations!(TcpStream);
attempts!(TcpStream);
attempt_read!(TcpStream);
attempt_write!(TcpStream, |stream| stream.shutdown(Shutdown::Write));
socket!(TcpStream);
