//! [`UnixListener`]: accepts Unix stream connections.

use std::{
    io,
    os::unix::net::{self, SocketAddr},
    path::Path,
    sync::Arc,
};

use quadrivium_core::{Interest, inspect::LeafKind};

use super::{address::address, stream::UnixStream};
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    socket::socket_methods,
};

/// Accepts Unix stream connections.
///
/// Clones share the same socket. It is closed when the last clone and the last operation on it have
/// been dropped. Its file is not removed.
#[derive(Clone, Debug)]
pub struct UnixListener {
    source: Arc<Source<net::UnixListener>>,
}

impl UnixListener {
    /// Listens at this path, where no file may exist yet. A path that begins with a NUL byte is an
    /// abstract name (Linux). No file is created for it, and the name is free again when the socket
    /// is closed.
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
    /// Returns an `AddrInUse` error when the path exists. Returns an `InvalidInput` error when the
    /// path is too long, or has a NUL byte after its first byte. Returns an error when the socket
    /// cannot be created.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_std(net::UnixListener::bind_addr(&address(path.as_ref())?)?)
    }

    /// Accepts a connection. Returns the stream and the address of its other end, which is mostly
    /// unnamed.
    ///
    /// The output is an error when the process has no free descriptor for the stream (`EMFILE`).
    /// The connection then stays in the queue, so an immediate retry finds it again.
    ///
    /// An operation that is dropped before it is done has accepted nothing.
    #[track_caller]
    pub fn accept(&self) -> impl Leaf<io::Result<(UnixStream, SocketAddr)>> + use<> {
        Operation::new(&self.source, Interest::Readable, NO_BUFFER, |listener, ()| {
            let (stream, peer) = listener.accept()?;
            Ok(Tried::Done((UnixStream::from_std(stream)?, peer)))
        })
        .of_kind(LeafKind::Accept)
    }
}

// The methods `local_addr`, `from_std`, `into_std`, `into_fd`, `as_fd`, `take_error`, and those for
// the kernel's buffers, are in `socket/mod.rs`.
socket_methods! { UnixListener, net::UnixListener, SocketAddr }
