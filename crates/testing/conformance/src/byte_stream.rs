//! [`StreamEnd`]: one end of a stream of bytes of any [`StreamKind`], so that one law covers all
//! kinds.

use std::{cell::RefCell, fmt, io, net::Shutdown, rc::Rc};

use quadrivium::{
    io::{PipeReader, PipeWriter, pipe},
    net::{TcpStream, UnixStream},
    task::BoxTask,
    test::{Connection, connection},
};

use crate::{
    TestLoop, map,
    sockets::{real_loop, tcp},
};

/// The kinds of streams of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    Tcp,
    Unix,
    /// Two pipes, one for each direction.
    Pipes,
    /// A connection of the test kit.
    InMemory,
}

/// One end of a stream. Clones share it.
#[derive(Clone)]
pub(crate) enum StreamEnd {
    Tcp(TcpStream),
    Unix(UnixStream),
    Pipes(PipeReader, Rc<RefCell<Option<PipeWriter>>>),
    InMemory(Connection),
}

/// Checks a law on each kind of stream, with a loop and the two ends of a stream. If the law fails,
/// the kind is printed.
pub(crate) fn on_every_kind(law: impl Fn(StreamKind, TestLoop, (StreamEnd, StreamEnd))) {
    for kind in [StreamKind::InMemory, StreamKind::Tcp, StreamKind::Unix, StreamKind::Pipes] {
        // Printed when it is dropped by a panic, below the message of the panic, which names no
        // kind.
        let named = Named(kind);
        law(kind, real_loop(), kind.pair());
        std::mem::forget(named);
    }
}

struct Named(StreamKind);

impl Drop for Named {
    fn drop(&mut self) {
        eprintln!("the law failed on {}", self.0);
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StreamKind::Tcp => "TCP sockets",
            StreamKind::Unix => "Unix streams",
            StreamKind::Pipes => "pipes",
            StreamKind::InMemory => "connections in memory",
        })
    }
}

impl StreamKind {
    /// Returns the two ends of a new stream.
    fn pair(self) -> (StreamEnd, StreamEnd) {
        match self {
            StreamKind::Tcp => {
                let (one, other) = tcp();
                // Small buffers, so that a law fills them quickly.
                one.set_send_buffer_size(1).unwrap();
                other.set_send_buffer_size(1).unwrap();
                (StreamEnd::Tcp(one), StreamEnd::Tcp(other))
            }
            StreamKind::Unix => {
                let (one, other) = UnixStream::pair().unwrap();
                (StreamEnd::Unix(one), StreamEnd::Unix(other))
            }
            StreamKind::Pipes => {
                let ((one, to_one), (other, to_other)) = (pipe().unwrap(), pipe().unwrap());
                let end =
                    |reader, writer| StreamEnd::Pipes(reader, Rc::new(RefCell::new(Some(writer))));
                (end(one, to_other), end(other, to_one))
            }
            StreamKind::InMemory => {
                let (one, other) = connection();
                (StreamEnd::InMemory(one), StreamEnd::InMemory(other))
            }
        }
    }
}

impl StreamEnd {
    /// Reads up to `most` bytes as soon as there are any. Returns no bytes at the end of the
    /// stream.
    pub(crate) fn read(&self, most: usize) -> BoxTask<io::Result<Vec<u8>>> {
        let buffer = vec![0; most];
        match self {
            StreamEnd::Tcp(end) => map(end.read_owned(buffer), taken),
            StreamEnd::Unix(end) => map(end.read_owned(buffer), taken),
            StreamEnd::Pipes(reader, _) => map(reader.read_owned(buffer), taken),
            StreamEnd::InMemory(end) => Box::pin(end.read(most)),
        }
    }

    /// Reads exactly `n` bytes.
    pub(crate) fn read_exact(&self, n: usize) -> BoxTask<io::Result<Vec<u8>>> {
        let buffer = vec![0; n];
        match self {
            StreamEnd::Tcp(end) => map(end.read_exact_owned(buffer), filled),
            StreamEnd::Unix(end) => map(end.read_exact_owned(buffer), filled),
            StreamEnd::Pipes(reader, _) => map(reader.read_exact_owned(buffer), filled),
            StreamEnd::InMemory(end) => Box::pin(end.read_exact(n)),
        }
    }

    /// Writes some of these bytes, and returns how many.
    pub(crate) fn write(&self, bytes: impl Into<Vec<u8>>) -> BoxTask<io::Result<usize>> {
        let bytes = bytes.into();
        match self {
            StreamEnd::Tcp(end) => map(end.write_owned(bytes), |(written, _)| written),
            StreamEnd::Unix(end) => map(end.write_owned(bytes), |(written, _)| written),
            StreamEnd::Pipes(..) => map(self.writer().write_owned(bytes), |(written, _)| written),
            StreamEnd::InMemory(end) => Box::pin(end.write(bytes)),
        }
    }

    /// Writes all of these bytes.
    pub(crate) fn write_all(&self, bytes: impl Into<Vec<u8>>) -> BoxTask<io::Result<()>> {
        let bytes = bytes.into();
        match self {
            StreamEnd::Tcp(end) => map(end.write_all_owned(bytes), |(written, _)| written),
            StreamEnd::Unix(end) => map(end.write_all_owned(bytes), |(written, _)| written),
            StreamEnd::Pipes(..) => {
                map(self.writer().write_all_owned(bytes), |(written, _)| written)
            }
            StreamEnd::InMemory(end) => Box::pin(end.write_all(bytes)),
        }
    }

    /// Closes the writing half. For a pipe this means dropping its writer.
    pub(crate) fn close_write(&self) {
        match self {
            StreamEnd::Tcp(end) => end.shutdown(Shutdown::Write).unwrap(),
            StreamEnd::Unix(end) => end.shutdown(Shutdown::Write).unwrap(),
            StreamEnd::Pipes(_, writer) => drop(writer.take()),
            StreamEnd::InMemory(end) => end.close_write(),
        }
    }

    fn writer(&self) -> PipeWriter {
        let StreamEnd::Pipes(_, writer) = self else {
            panic!("only a pipe has a writer of its own")
        };
        writer.borrow().clone().expect("a pipe writes until its writer is dropped")
    }
}

fn taken((n, mut buffer): (io::Result<usize>, Vec<u8>)) -> io::Result<Vec<u8>> {
    buffer.truncate(n?);
    Ok(buffer)
}

fn filled((done, buffer): (io::Result<()>, Vec<u8>)) -> io::Result<Vec<u8>> {
    done.map(|()| buffer)
}
