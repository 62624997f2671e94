//! Connections in memory, which can split, delay, reset and half-close: [`connection`].
//!
//! Two ends, two directions, each with a buffer of bounded size. An end behaves like a TCP socket:
//!
//! | what happens | this end then | the other end then |
//! |---|---|---|
//! | [`close_write`](Connection::close_write) | writes fail with `BrokenPipe` | reads what is left, then the end of the stream |
//! | [`reset`](Connection::reset) | all fails with `ConnectionReset` | the same; what was on its way is lost |
//! | dropped, everything read | – | reads what is left, then the end; writes fail with `BrokenPipe` |
//! | dropped, bytes unread | – | all fails with `ConnectionReset` |
//!
//! An end lives as long as it, a clone of it or an operation on it does.
//!
//! In a simulation, [`Faults`](crate::Faults) say how often a read or a write comes to fewer bytes
//! than it could, bytes arrive late, or the connection is reset or half-closed. Outside of one
//! nothing of that happens.

use std::rc::Rc;

use pipe::Pipe;

mod pipe;
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
    let pipes = [Pipe::new(bytes), Pipe::new(bytes)].map(Rc::new);
    let ends = [(0, 1), (1, 0)].map(|(incoming, outgoing)| End {
        incoming: Rc::clone(&pipes[incoming]),
        outgoing: Rc::clone(&pipes[outgoing]),
    });
    let [a, b] = ends.map(|end| Connection { end: Rc::new(end) });
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
    incoming: Rc<Pipe>,
    outgoing: Rc<Pipe>,
}

impl Connection {
    /// Reads up to `most` bytes, at least one; none at the end of the stream. Suspends while there
    /// are none yet.
    ///
    /// The output is an error of kind `ConnectionReset` after a reset. Cancel-safe: a read that is
    /// cancelled has taken nothing.
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
    /// The output is an error of kind `BrokenPipe` when this end has closed its writing or the
    /// other is gone, and `ConnectionReset` after a reset. Cancel-safe: a write that is cancelled has
    /// written nothing.
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
        self.end.outgoing.end();
    }

    /// Breaks both directions off at once; what is on its way is lost.
    pub fn reset(&self) {
        self.end.reset();
    }
}

impl End {
    fn reset(&self) {
        self.incoming.reset();
        self.outgoing.reset();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // As TCP does: whoever leaves bytes unread cannot have understood the other.
        match self.incoming.is_read_up() {
            false => self.reset(),
            true => {
                self.outgoing.end();
                self.incoming.abandon();
            }
        }
    }
}
