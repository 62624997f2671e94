//! [`TcpStream`]: a TCP connection.

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
    socket::{connect::Connectable, socket_methods},
    stream::{read::read_methods, write::write_methods},
};

/// A TCP connection.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped.
///
/// All operations take `&self`, so one task may read while another task writes. Several tasks may
/// also read, or write, at the same time. Each byte then goes to one of them, in no order that a
/// program may rely on.
#[derive(Clone, Debug)]
pub struct TcpStream {
    source: Arc<Source<net::TcpStream>>,
}

// The methods `read`, `read_exact`, `read_vectored` and `read_to_end`, and their `_owned` forms,
// are in `stream/read.rs`.
read_methods! { TcpStream }
// The methods `write`, `write_all` and `write_vectored`, and their `_owned` forms, are in
// `stream/write.rs`.
write_methods! { TcpStream, end_writing: |stream| stream.shutdown(Shutdown::Write) }

impl TcpStream {
    /// Connects to an address, or to a name, as in `"localhost:80"` or `("localhost", 80)`.
    ///
    /// A name is [looked up](crate::dns::lookup). If it has several addresses, the first that
    /// answers is used. They are tried one after the other, IPv6 and IPv4 alternately. The next
    /// attempt starts as soon as one fails, and at the latest after 250 ms (RFC 8305, "Happy
    /// Eyeballs"). If no address answers, the error names the cause for each.
    ///
    /// A connect that is dropped before it is done closes its sockets, and there will be no
    /// connection.
    ///
    /// ```
    /// use quadrivium::{net::{TcpListener, TcpStream}, prelude::*};
    ///
    /// let listener = TcpListener::bind(([127, 0, 0, 1], 0))?;
    /// let port = listener.local_addr()?.port();
    /// let stream = EventLoop::new()?.block_on(TcpStream::connect(("localhost", port)))??;
    /// assert_eq!(stream.peer_addr()?.port(), port);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn connect(address: impl Into<Address>) -> TcpConnect {
        TcpConnect::new(address.into())
    }

    /// Wraps a stream that a listener has accepted.
    pub(super) fn accepted(stream: net::TcpStream, is_plain_tcp: bool) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let source = if is_plain_tcp { Source::plain_tcp(stream) } else { Source::new(stream) };
        Ok(Self { source: Arc::new(source) })
    }

    /// Reads bytes without removing them from the stream. The next read finds the same bytes.
    ///
    /// An operation that is dropped before it is done has done nothing.
    #[track_caller]
    pub fn peek<'a>(&self, buffer: &'a mut [u8]) -> impl Leaf<io::Result<usize>> + use<'a> {
        peek(&self.source, Borrowed(buffer))
    }

    /// Like [`peek`](Self::peek), but takes the buffer and returns it with the result.
    #[track_caller]
    pub fn peek_owned<B: AsMut<[u8]>>(
        &self,
        buffer: B,
    ) -> impl Leaf<(io::Result<usize>, B)> + use<B> {
        peek(&self.source, Owned(buffer))
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

    /// Returns whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel cannot report it.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.source.io().nodelay()
    }

    /// Sets whether small writes are sent at once. Otherwise they are collected until the
    /// acknowledgement of earlier bytes arrives.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.source.io().set_nodelay(nodelay)
    }

    /// Returns the number of routers that a packet may pass.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel cannot report it.
    pub fn ttl(&self) -> io::Result<u32> {
        self.source.io().ttl()
    }

    /// Sets the number of routers that a packet may pass.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.source.io().set_ttl(ttl)
    }

    /// Returns how long closing the socket waits for unsent bytes. See
    /// [`set_linger`](Self::set_linger).
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel cannot report it.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.source.io()).linger()
    }

    /// Sets how long closing the socket waits for unsent bytes. With `None` it does not wait, and
    /// the kernel sends them later. A duration of zero resets the connection at once and loses
    /// unsent bytes. A longer duration blocks the OS thread for that time, which a loop rarely
    /// wants.
    ///
    /// # Errors
    ///
    /// Returns an error when the kernel refuses.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self.source.io()).set_linger(linger)
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { TcpStream, net::TcpStream, SocketAddr }

#[track_caller]
fn peek<B: Buffer<Content: AsMut<[u8]>>>(
    source: &Arc<Source<net::TcpStream>>,
    mut buffer: B,
) -> impl Leaf<B::Output<io::Result<usize>>> + use<B> {
    let buffer_is_empty = buffer.content().as_mut().is_empty();
    Operation::new(source, Interest::Readable, buffer, |stream, bytes: &mut B::Content| {
        let bytes = bytes.as_mut();
        // As for reads, the kernel would wait until bytes arrive.
        if bytes.is_empty() { Ok(Tried::Done(0)) } else { stream.peek(bytes).map(Tried::Done) }
    })
    .buffer_is_empty(buffer_is_empty)
}

impl Connectable for TcpStream {
    fn from_socket(socket: Socket) -> Self {
        Self { source: Arc::new(Source::own_tcp(socket.into())) }
    }

    fn source(&self) -> &Source<impl AsFd> {
        &self.source
    }
}
