//! Sockets as leaves: reading, writing, accepting and connecting as tasks that every style
//! performs.
//!
//! [`net`] is laid out and named like `std::net` and `std::os::unix::net`. Every operation tries
//! first, without blocking, and suspends with [`Wait::Ready`](quadrivium_core::Wait::Ready) when
//! there is nothing to do yet; the reactor of the host that resumed it wakes it.
//!
//! # Borrowed and owned buffers
//!
//! An operation with a buffer comes twice. `read(&mut buffer)` borrows it: for generators, futures
//! and green threads, which keep a borrow across a suspension. `read_owned(buffer)` takes it and
//! gives it back with the result: for callbacks, and for whoever keeps the operation somewhere.
//!
//! ```
//! use quadrivium::{green::perform, net::UnixStream, prelude::*};
//!
//! let (one, two) = UnixStream::pair()?;
//! let green = green(move || {
//!     perform(one.write_all(b"ping"))?;
//!     let mut answer = [0; 4];
//!     perform(one.read_exact(&mut answer))?;
//!     Ok::<_, std::io::Error>(answer)
//! });
//! let callback = callback(move |cb| {
//!     cb.perform(two.read_owned(vec![0; 100]), move |cb, (n, buffer)| {
//!         assert_eq!(&buffer[..n.unwrap()], b"ping");
//!         cb.perform(two.write_all_owned("pong"), |cb, _| cb.done(()));
//!     });
//! });
//! let (answer, ()) = EventLoop::new()?.block_on(join(green, callback))?;
//! assert_eq!(&answer?, b"pong");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

// In reading order.
mod descriptor;
mod stream;
mod socket;
mod tcp;
mod udp;
mod unix;
mod pipe;
mod offload;
pub mod dns;
pub mod fs;
pub mod process;
pub mod signal;

pub use quadrivium_core::Interest;

pub use self::{
    descriptor::{Leaf, Ready, ready},
    pipe::{PipeReader, PipeWriter, pipe},
    stream::{
        attempts::{AttemptRead, AttemptWrite, Attempts},
        bytes::{ByteReader, ByteWriter},
        polled::Polled,
    },
};

/// Work on other OS threads.
pub mod thread {
    pub use crate::offload::{Offload, offload, offload_checked};
}

/// TCP, UDP and Unix sockets: what `std::net` and `std::os::unix::net` are to threads.
pub mod net {
    pub use crate::{
        tcp::{TcpConnect, TcpListener, TcpStream},
        udp::UdpSocket,
        unix::{UnixDatagram, UnixListener, UnixStream},
    };
}
