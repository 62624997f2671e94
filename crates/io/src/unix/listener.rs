//! [`UnixListener`].

use std::{
    io,
    os::unix::net::{self, SocketAddr},
    path::Path,
    sync::Arc,
};

use quadrivium_core::Interest;

use super::{address::address, stream::UnixStream};
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    socket::socket_methods,
};

/// Accepts Unix stream connections. Clones are the same socket; it is closed when the last of them,
/// and the last operation on it, is dropped. The file stays.
#[derive(Clone, Debug)]
pub struct UnixListener {
    source: Arc<Source<net::UnixListener>>,
}

impl UnixListener {
    /// Listens at this path, where there must be no file yet. One that begins with a NUL byte is an
    /// abstract name (Linux): no file is made, and the name is free again when the socket is
    /// closed.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use quadrivium::{net::{UnixListener, UnixStream}, prelude::*};
    ///
    /// let name = format!("\0an example of {}", std::process::id());
    /// let listener = UnixListener::bind(&name)?;
    /// let both = join(UnixStream::connect(&name), listener.accept());
    /// let (connected, accepted) = EventLoop::new()?.block_on(both)?;
    /// connected?;
    /// accepted?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `AddrInUse` when there is one; `InvalidInput` for a path that is too long, or has a NUL byte
    /// behind its first; when it cannot be made.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_std(net::UnixListener::bind_addr(&address(path.as_ref())?)?)
    }

    /// Accepts a connection: the stream, and the address of its other end, which seldom has one.
    ///
    /// The output is an error when no descriptor is left for it (`EMFILE`); it is then still in the
    /// queue, and who tries again at once finds it again.
    ///
    /// Dropped before it is done, it has accepted nothing.
    pub fn accept(&self) -> impl Leaf<io::Result<(UnixStream, SocketAddr)>> + use<> {
        Operation::new(&self.source, Interest::Readable, NO_BUFFER, |listener, ()| {
            let (stream, peer) = listener.accept()?;
            Ok(Tried::Done((UnixStream::from_std(stream)?, peer)))
        })
    }
}

// `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error` and the sizes of the
// kernel's buffers: in `socket/mod.rs`.
socket_methods! { UnixListener, net::UnixListener, SocketAddr }
