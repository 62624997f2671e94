//! Leaves that replace blocking calls: sockets, pipes, files, names, child processes, signals and
//! work on other threads.
//!
//! A *leaf* is a task that composes no other task. Every style can perform it. The *reactor* is the
//! part of a host that asks the operating system which sockets and pipes have become ready.
//!
//! [`net`] is laid out and named like `std::net` and `std::os::unix::net`. Each operation on a
//! socket first tries the system call without blocking. If there is nothing to do yet, the
//! operation suspends with [`Wait::Ready`](quadrivium_core::Wait::Ready). The reactor wakes it when
//! it is time to try again.
//!
//! # Borrowed and owned buffers
//!
//! An operation with a buffer has two forms:
//!
//! * `read(&mut buffer)` borrows the buffer. Generators, futures and green threads can use it,
//!   because they keep a borrow across a suspension.
//! * `read_owned(buffer)` takes the buffer and returns it with the result. Callbacks use it, and so
//!   does code that stores the operation.
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
    descriptor::{Leaf, Ready, ReadyOwned, ready, ready_owned},
    pipe::{PipeReader, PipeWriter, pipe},
    stream::{
        attempts::{AttemptRead, AttemptWrite, Attempts},
        buffered::BufReader,
        bytes::{ByteReader, ByteWriter},
        copy::{copy, copy_both},
        polled::Polled,
    },
};

/// Runs blocking calls and long computations on other OS threads.
pub mod thread {
    pub use crate::offload::{Offload, offload, offload_checked};
}

/// TCP, UDP and Unix sockets, with the names of `std::net` and `std::os::unix::net`.
pub mod net {
    pub use crate::{
        tcp::{TcpConnect, TcpListener, TcpStream},
        udp::UdpSocket,
        unix::{UnixDatagram, UnixListener, UnixStream},
    };
}
