//! Connections in memory, with faults: short reads and writes, delays, resets, half-closes.
//!
//! Two ends, two directions, each with a buffer of bounded size. An end behaves like a TCP socket
//! on Linux:
//!
//! | what happens | this end then | the other end then |
//! |---|---|---|
//! | [`close_write`](Connection::close_write) | writes fail with `BrokenPipe` | reads the bytes that are left, then the end of the stream |
//! | [`reset`](Connection::reset) | reads the bytes that have arrived; one operation fails with `ConnectionReset`; then reads find the end of the stream, and writes fail with `BrokenPipe` | the same |
//! | dropped, everything read | – | reads the bytes that are left, then the end of the stream; the first write succeeds and is lost, the next one fails with `BrokenPipe` |
//! | dropped, bytes unread | – | the same as after a reset |
//!
//! After a reset, one operation at each end fails with `ConnectionReset`, be it a read or a write.
//! No operation does if the other end had closed its writing before: then reads find the end of the
//! stream, and writes fail with `BrokenPipe`. Bytes that were written and not yet read have
//! arrived, unless they are [slow](crate::Faults::slow_writes). A reset loses the slow bytes.
//!
//! An end stays open as long as a [`Connection`] for it exists, or an operation on it. After 64
//! operations in one step without a wait, an operation lets the other tasks run first. An operation
//! on no bytes is done at once, in any state of the connection. `quadrivium::net::TcpStream` does
//! the same.
//!
//! A connection in memory differs from TCP in four points:
//! * [`reset`](Connection::reset) may be called at an end that is used afterwards. On TCP, only a
//!   close can reset, and that end is gone. Here both ends get an error, as if a router between
//!   them had broken the connection.
//! * [`close_write`](Connection::close_write) returns nothing. On TCP, a shutdown of a connection
//!   that is over fails with `NotConnected`.
//! * There is one buffer in each direction. TCP has two, the sender's and the receiver's, and a
//!   reset loses the bytes that are still at the sender.
//! * No packet is lost, so no operation fails with `TimedOut`. There are no urgent bytes.
//!
//! A connection can be wrapped in `quadrivium::io::BufReader` and `quadrivium::io::Polled`, and
//! copied by `quadrivium::io::copy`.
//!
//! In a simulation, [`Faults`](crate::Faults) set how often each fault happens. Outside a
//! simulation there are no faults.

use std::{io, rc::Rc};

use quadrivium_core::{Context, Step, Wait};

use self::socket::{Departure, Sent, Socket};

mod socket;
mod arrivals;
mod read;
mod write;
mod attempts;

pub use read::{Read, ReadExact};
pub use write::{Write, WriteAll};

/// The capacity of each direction in bytes. It is small, so that writers now and then wait for
/// readers.
const CAPACITY: usize = 4096;

/// Returns the two ends of a connection in memory. Each direction holds up to 4096 unread bytes.
///
/// ```
/// use quadrivium::{prelude::*, test::connection};
///
/// let (client, server) = connection();
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// assert_eq!(event_loop.block_on(client.write("ping"))??, 4);
/// client.close_write();
/// assert_eq!(event_loop.block_on(server.read(100))??, b"ping");
/// assert_eq!(event_loop.block_on(server.read(100))??, b"", "the end of the stream");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connection() -> (Connection, Connection) {
    with_capacity(CAPACITY)
}

/// Like [`connection`], but each direction holds up to `bytes` unread bytes.
///
/// # Panics
///
/// When `bytes` is 0: nothing could ever be written.
pub fn with_capacity(bytes: usize) -> (Connection, Connection) {
    assert!(bytes > 0, "a connection needs room for at least one byte");
    let (a, b) = (Rc::new(Socket::new(bytes)), Rc::new(Socket::new(bytes)));
    let ends = [(&a, &b), (&b, &a)];
    let [a, b] = ends.map(|(here, there)| Connection {
        end: Rc::new(ConnectionEnd { here: Rc::clone(here), there: Rc::clone(there) }),
    });
    (a, b)
}

/// One end of a [`connection`]. Clones are the same end.
#[derive(Clone, Debug)]
pub struct Connection {
    end: Rc<ConnectionEnd>,
}

/// The state that an end and the operations on it share.
#[derive(Debug)]
struct ConnectionEnd {
    here: Rc<Socket>,
    there: Rc<Socket>,
}

impl Connection {
    /// Reads at least one byte and at most `most`, or none at the end of the stream. Suspends until
    /// a byte arrives.
    ///
    /// After a reset, the bytes that have arrived are read first. Then the output is an error of
    /// kind `ConnectionReset`, once, and the next read finds the end of the stream. Cancel-safe: a
    /// read that is cancelled has taken no byte.
    pub fn read(&self, most: usize) -> Read {
        Read::new(&self.end, most)
    }

    /// Reads `n` bytes.
    ///
    /// The output is an error of kind `UnexpectedEof` when the stream ends before `n` bytes, and
    /// `ConnectionReset` after a reset. Not cancel-safe: the bytes that it has read are lost.
    pub fn read_exact(&self, n: usize) -> ReadExact {
        ReadExact::new(&self.end, n)
    }

    /// Writes at least one of these bytes. The output is the number of bytes written. Suspends
    /// while there is no room.
    ///
    /// After a reset, the output is an error of kind `ConnectionReset`, unless an operation at this
    /// end has already failed with it. Later writes fail with `BrokenPipe`, and so do writes after
    /// this end has closed its writing. When the other end is gone, the first write succeeds and
    /// its bytes are lost. The next writes fail with `BrokenPipe`. Cancel-safe: a write that is
    /// cancelled has written no byte.
    pub fn write(&self, bytes: impl Into<Vec<u8>>) -> Write {
        Write::new(&self.end, bytes.into())
    }

    /// Writes all of these bytes, with the errors of [`write`](Connection::write).
    ///
    /// Not cancel-safe: some of them may have been written.
    pub fn write_all(&self, bytes: impl Into<Vec<u8>>) -> WriteAll {
        WriteAll::new(&self.end, bytes.into())
    }

    /// Closes the writing direction of this end. The other end reads the bytes that are on their
    /// way, and then the end of the stream. This end may still read.
    pub fn close_write(&self) {
        self.end.close_write();
    }

    /// Breaks both directions off at once. Each end reads the bytes that have arrived. Then one
    /// operation at each end fails with the reset.
    pub fn reset(&self) {
        self.end.reset();
    }
}

impl ConnectionEnd {
    fn read(&self, most: usize, cx: &Context<'_>) -> Step<io::Result<Vec<u8>>> {
        let step = self.here.read(most, cx);
        if matches!(&step, Step::Done(Ok(bytes)) if !bytes.is_empty()) {
            self.there.wake_writers();
        }
        step
    }

    fn write(&self, bytes: &[u8], cx: &Context<'_>) -> Step<io::Result<usize>> {
        if let Err(error) = self.here.check_write(cx) {
            return Step::Done(Err(error));
        }
        match self.there.send(bytes, cx) {
            Sent::Bytes(n) => Step::Done(Ok(n)),
            Sent::NoRoom => {
                self.here.wait_for_room(cx);
                Step::Suspended(Wait::Wake)
            }
            Sent::Unread(n, answered) => {
                self.here.reset_at(answered);
                Step::Done(Ok(n))
            }
        }
    }

    fn close_write(&self) {
        if self.here.end_writing() {
            self.there.other_ends();
        }
    }

    fn reset(&self) {
        self.here.reset();
        self.there.reset();
    }
}

impl Drop for ConnectionEnd {
    fn drop(&mut self) {
        match self.here.leave() {
            Departure::Silent => {}
            Departure::WithReset => self.there.reset(),
            Departure::WithEnd { reset_comes } => {
                self.there.other_ends();
                if reset_comes.is_some() {
                    self.there.reset_at(reset_comes);
                }
            }
        }
    }
}
