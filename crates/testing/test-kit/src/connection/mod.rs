//! Connections in memory, which can split, delay, reset and half-close: [`connection`].
//!
//! Two ends, two directions, each with a buffer of bounded size. An end behaves like a TCP socket
//! on Linux:
//!
//! | what happens | this end then | the other end then |
//! |---|---|---|
//! | [`close_write`](Connection::close_write) | writes fail with `BrokenPipe` | reads what is left, then the end of the stream |
//! | [`reset`](Connection::reset) | reads what has arrived; one operation fails with `ConnectionReset`; then reads find the end of the stream, and writes fail with `BrokenPipe` | the same |
//! | dropped, everything read | – | reads what is left, then the end; the first write succeeds and is lost, the next fails with `BrokenPipe` |
//! | dropped, bytes unread | – | as after a reset |
//!
//! One operation of an end is told of a reset, whether it reads or writes. If the other end had
//! closed its writing before, no operation is told: reads find the end of the stream, and writes
//! fail with `BrokenPipe`. Bytes that were written and not yet read have arrived, unless they are
//! [slow](crate::Faults::slow_writes). A reset loses those that are slow.
//!
//! An end lives as long as it, a clone of it or an operation on it does. After 64 operations in
//! one step without a wait, the other tasks run first. An operation on no bytes is done at once, and
//! asks nothing. `quadrivium::net::TcpStream` does the same.
//!
//! It is as TCP but for this:
//! * [`reset`](Connection::reset) may be called at an end that goes on. On TCP, only a close
//!   resets, and this end is gone with it. Here both ends are told, as if a router between them had
//!   broken the connection off.
//! * [`close_write`](Connection::close_write) returns nothing. On TCP, a shutdown of a connection
//!   that is over fails with `NotConnected`.
//! * There is one buffer in each direction. TCP has two, the sender's and the receiver's, and a
//!   reset loses what is still at the sender.
//! * No packet is lost, so nothing ends with `TimedOut`, and there are no urgent bytes.
//!
//! In a simulation, [`Faults`](crate::Faults) say how often a read or a write comes to fewer bytes
//! than it could, bytes arrive late, or the connection is reset or half-closed. Outside of one
//! nothing of that happens.

use std::{io, rc::Rc};

use quadrivium_core::{Context, Step, Wait};

use self::socket::{Leaves, Sent, Socket};

mod socket;
mod arrivals;
mod read;
mod write;

pub use read::{Read, ReadExact};
pub use write::{Write, WriteAll};

/// Bytes on their way in one direction: small, so that writers wait for readers now and then.
const CAPACITY: usize = 4096;

/// Two ends of a connection in memory. Up to 4096 bytes are on their way in each direction.
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

/// The same with up to `bytes` on their way in each direction.
///
/// # Panics
///
/// When that is no byte: nothing could ever be written.
pub fn with_capacity(bytes: usize) -> (Connection, Connection) {
    assert!(bytes > 0, "a connection needs room for a byte");
    let (a, b) = (Rc::new(Socket::new(bytes)), Rc::new(Socket::new(bytes)));
    let ends = [(&a, &b), (&b, &a)];
    let [a, b] = ends.map(|(here, there)| Connection {
        end: Rc::new(End { here: Rc::clone(here), there: Rc::clone(there) }),
    });
    (a, b)
}

/// One end of a [`connection`]. Clones are the same end.
#[derive(Clone, Debug)]
pub struct Connection {
    end: Rc<End>,
}

/// What an end and the operations on it share.
#[derive(Debug)]
struct End {
    here: Rc<Socket>,
    there: Rc<Socket>,
}

impl Connection {
    /// Reads up to `most` bytes, at least one; none at the end of the stream. Suspends while there
    /// are none yet.
    ///
    /// The output is an error of kind `ConnectionReset` after a reset, once what has arrived is
    /// read. The next read finds the end of the stream. Cancel-safe: a read that is cancelled has
    /// taken nothing.
    pub fn read(&self, most: usize) -> Read {
        Read::new(&self.end, most)
    }

    /// Reads `n` bytes.
    ///
    /// The output is an error of kind `UnexpectedEof` when the stream ends before, and
    /// `ConnectionReset` after a reset. Not cancel-safe: what it has read is lost.
    pub fn read_exact(&self, n: usize) -> ReadExact {
        ReadExact::new(&self.end, n)
    }

    /// Writes some of these bytes, at least one; the output is how many. Suspends while there is no
    /// room.
    ///
    /// The output is an error of kind `ConnectionReset` after a reset of which this end was not told.
    /// From then on it is `BrokenPipe`, as it is when this end has closed its writing. When the other
    /// end is gone, the first write succeeds and its bytes are lost; the next ones are `BrokenPipe`.
    /// Cancel-safe: a write that is cancelled has written nothing.
    pub fn write(&self, bytes: impl Into<Vec<u8>>) -> Write {
        Write::new(&self.end, bytes.into())
    }

    /// Writes all of these bytes, with the errors of [`write`](Connection::write).
    ///
    /// Not cancel-safe: some of them may have been written.
    pub fn write_all(&self, bytes: impl Into<Vec<u8>>) -> WriteAll {
        WriteAll::new(&self.end, bytes.into())
    }

    /// Writes no more: the other end reads what is on its way, and then the end of the stream. This
    /// end may still read.
    pub fn close_write(&self) {
        self.end.close_write();
    }

    /// Breaks both directions off at once. Each end reads what has arrived, and is told once.
    pub fn reset(&self) {
        self.end.reset();
    }
}

impl End {
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
            Sent::ToNobody(n, answered) => {
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

impl Drop for End {
    fn drop(&mut self) {
        match self.here.leave() {
            Leaves::Silently => {}
            Leaves::WithReset => self.there.reset(),
            Leaves::WithEnd { reset_comes } => {
                self.there.other_ends();
                if reset_comes.is_some() {
                    self.there.reset_at(reset_comes);
                }
            }
        }
    }
}
