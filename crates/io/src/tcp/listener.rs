//! [`TcpListener`]: accepts TCP connections.

use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};

use quadrivium_core::{Interest, inspect::LeafKind};
use socket2::{Domain, Socket, Type};

use super::stream::TcpStream;
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    dns::Address,
    socket::socket_methods,
};

/// The number of connections that the kernel may queue before they are accepted here. It is large,
/// so that the kernel's own limit decides.
const BACKLOG: i32 = 4096;

/// Accepts TCP connections.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped.
///
/// ```
/// use quadrivium::{net::{TcpListener, TcpStream}, prelude::*};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let server = future(async move {
///     let (stream, _peer) = listener.accept().await?;
///     stream.write_all(b"welcome").await
/// });
/// let client = future(async move {
///     let mut greeting = [0; 7];
///     TcpStream::connect(address).await?.read_exact(&mut greeting).await?;
///     Ok::<_, std::io::Error>(greeting)
/// });
/// let (served, greeting) = EventLoop::new()?.block_on(join(server, client))?;
/// served?;
/// assert_eq!(&greeting?, b"welcome");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TcpListener {
    source: Arc<Source<net::TcpListener>>,
}

impl TcpListener {
    /// Listens at this address. If the port is 0, the system chooses one. Of several addresses it
    /// takes the first at which it can listen.
    ///
    /// # Errors
    ///
    /// Returns an error when the address is in use, or does not belong to this machine. A name is
    /// an error of the kind `InvalidInput`, because a look-up waits: perform
    /// [`dns::lookup`](crate::dns::lookup) first.
    pub fn bind(address: impl Into<Address>) -> io::Result<Self> {
        address.into().bind(|address| listen(address, |_| Ok(())))
    }

    /// Like [`bind`](TcpListener::bind), but several sockets may listen at this address
    /// (`SO_REUSEPORT`). The kernel distributes the connections among them. A server on many cores
    /// has one such listener for each thread.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`bind`](TcpListener::bind).
    pub fn bind_reuse_port(address: impl Into<Address>) -> io::Result<Self> {
        address.into().bind(|address| listen(address, |socket| socket.set_reuse_port(true)))
    }

    /// Accepts a connection. Returns the stream and the address of its other end.
    ///
    /// A connection that fails before it is accepted is skipped. The output is an error when the
    /// process has no free descriptor for the stream (`EMFILE`). The connection then stays in the
    /// queue, so an immediate retry finds it again.
    ///
    /// An operation that is dropped before it is done has accepted nothing.
    #[track_caller]
    pub fn accept(&self) -> impl Leaf<io::Result<(TcpStream, SocketAddr)>> + use<> {
        // An accepted socket is of the same kind as its listener.
        let is_plain_tcp = self.source.is_plain_tcp();
        Operation::new(&self.source, Interest::Readable, NO_BUFFER, move |listener, ()| {
            loop {
                match listener.accept() {
                    Ok((stream, peer)) => {
                        let stream = TcpStream::accepted(stream, is_plain_tcp)?;
                        break Ok(Tried::Done((stream, peer)));
                    }
                    Err(error) if is_error_of_connection(&error) => {}
                    Err(error) => break Err(error),
                }
            }
        })
        .of_kind(LeafKind::Accept)
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { TcpListener, net::TcpListener, SocketAddr }

/// Returns whether the error concerns a connection that failed before it was accepted, and not the
/// listener. Linux reports network errors of the new connection as errors of `accept` (see
/// accept(2)).
fn is_error_of_connection(error: &io::Error) -> bool {
    const NETWORK_ERRORS: [i32; 6] = [
        libc::ENETDOWN,
        libc::EPROTO,
        libc::ENOPROTOOPT,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::ENETUNREACH,
    ];
    let is = |error| error == libc::ECONNABORTED || NETWORK_ERRORS.contains(&error);
    error.raw_os_error().is_some_and(is)
}

fn listen(
    address: SocketAddr,
    options: impl FnOnce(&Socket) -> io::Result<()>,
) -> io::Result<TcpListener> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    // As in the standard library, a server that is restarted gets its address back at once.
    socket.set_reuse_address(true)?;
    options(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener { source: Arc::new(Source::own_tcp(socket.into())) })
}
