//! [`UnixStream`].

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::Shutdown,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
        unix::net::SocketAddr,
    },
    path::Path,
    sync::Arc,
};

use quadrivium_core::{Context, Interest, Step, Ticket};
use socket2::{SockAddr, SockRef};

use super::address::address;
use crate::{
    attempts::{attempt_read, attempt_write, attempts},
    connect::{Connect, Made},
    keep::{Lent, Owned},
    methods::{read_operations, stream_operations, write_operations},
    operation::{Leaf, Operation},
    options::socket,
    read_to_end::read_to_end,
    source::{Source, Tried},
    stream::{self, Stream},
};

type Std = std::os::unix::net::UnixStream;

/// A Unix stream connection. Clones are the same socket; it is closed when the last of them, and the
/// last operation on it, is dropped.
///
/// All operations take `&self`, as those of [`TcpStream`](crate::net::TcpStream).
#[derive(Clone, Debug)]
pub struct UnixStream {
    source: Arc<Source<Std>>,
}

impl UnixStream {
    /// Connects to the listener at this path. One that begins with a NUL byte is an abstract name
    /// (Linux); with a NUL byte elsewhere in it the output is an `InvalidInput` error.
    ///
    /// Where its queue is full the output is a `WouldBlock` error, as the kernel would not tell when
    /// there is room.
    pub fn connect(path: impl AsRef<Path>) -> Connect<UnixStream> {
        let path = path.as_ref();
        // Asked first, since socket2 does not look for NUL bytes.
        Connect::new(address(path).and_then(|_| SockAddr::unix(path)))
    }

    /// Two streams that are connected with each other.
    ///
    /// # Errors
    ///
    /// When no descriptors are left.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = Std::pair()?;
        Ok((Self::from_std(a)?, Self::from_std(b)?))
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
}

impl Made for UnixStream {
    type Std = Std;

    fn of(source: Arc<Source<Std>>) -> Self {
        Self { source }
    }
}

stream_operations!(UnixStream);
attempts!(UnixStream);
attempt_read!(UnixStream);
attempt_write!(UnixStream, |stream| stream.shutdown(Shutdown::Write));
socket!(UnixStream);
