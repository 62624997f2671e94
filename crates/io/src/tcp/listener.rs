//! [`TcpListener`].

use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
};

use quadrivium_core::Interest;
use socket2::{Domain, Socket, Type};

use super::stream::TcpStream;
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    socket::socket_methods,
};

/// How many connections the kernel accepts ahead of us: as many as it is willing to.
const BACKLOG: i32 = 4096;

/// Accepts TCP connections. Clones are the same socket; it is closed when the last of them, and the
/// last operation on it, is dropped.
///
/// ```
/// use quadrivium::{net::{TcpListener, TcpStream}, prelude::*};
///
/// let listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
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
    /// Listens at this address; at one of the system's choice where the port is 0.
    ///
    /// # Errors
    ///
    /// When the address is in use, or not ours.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        listen(address, |_| Ok(()))
    }

    /// The same, together with others that listen at this address: the kernel deals connections out
    /// among them (`SO_REUSEPORT`). One for each thread is a server on many cores.
    ///
    /// # Errors
    ///
    /// As [`bind`](TcpListener::bind).
    pub fn bind_reuse_port(address: SocketAddr) -> io::Result<Self> {
        listen(address, |socket| socket.set_reuse_port(true))
    }

    /// Accepts a connection: the stream, and the address of its other end.
    ///
    /// A connection that is gone before it is accepted is passed over. The output is an error when
    /// no descriptor is left for it (`EMFILE`); it is then still in the queue, and who tries again
    /// at once finds it again.
    ///
    /// Dropped before it is done, it has accepted nothing.
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
                    Err(error) if is_of_the_connection(&error) => {}
                    Err(error) => break Err(error),
                }
            }
        })
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
socket_methods! { TcpListener, net::TcpListener, SocketAddr }

/// Whether it is the connection that failed, before it was accepted, and not the listener. Linux
/// hands on what has happened to it on the network, says accept(2).
fn is_of_the_connection(error: &io::Error) -> bool {
    const OF_THE_NETWORK: [i32; 6] = [
        libc::ENETDOWN,
        libc::EPROTO,
        libc::ENOPROTOOPT,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
        libc::ENETUNREACH,
    ];
    let is = |error| error == libc::ECONNABORTED || OF_THE_NETWORK.contains(&error);
    error.raw_os_error().is_some_and(is)
}

fn listen(
    address: SocketAddr,
    options: impl FnOnce(&Socket) -> io::Result<()>,
) -> io::Result<TcpListener> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::for_address(address), kind, None)?;
    // As in the standard library: a server that is started again gets its address back.
    socket.set_reuse_address(true)?;
    options(&socket)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener { source: Arc::new(Source::own_tcp(socket.into())) })
}
