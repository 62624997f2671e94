//! [`End`]: one end of a stream of bytes, of whatever [`Kind`], so that one law is about all kinds.

use std::{cell::RefCell, fmt, io, net::Shutdown, rc::Rc};

use quadrivium::{
    io::{PipeReader, PipeWriter, pipe},
    net::{TcpStream, UnixStream},
    task::BoxTask,
    test::{Connection, connection},
};

use crate::{map, sockets::tcp};

/// The kinds of streams of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Unix,
    /// Two of them, one for each direction.
    Pipes,
    /// A connection of the test kit.
    InMemory,
}

/// One end of a stream. Clones are the same end.
#[derive(Clone)]
pub(crate) enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
    Pipes(PipeReader, Rc<RefCell<Option<PipeWriter>>>),
    InMemory(Connection),
}

/// Checks a law on each kind of stream. Where it does not hold, the kind is printed.
pub(crate) fn on_every_kind(law: impl Fn(Kind)) {
    for kind in [Kind::InMemory, Kind::Tcp, Kind::Unix, Kind::Pipes] {
        // Said when it unwinds, below the message of the panic, which knows no kind.
        let named = Named(kind);
        law(kind);
        std::mem::forget(named);
    }
}

struct Named(Kind);

impl Drop for Named {
    fn drop(&mut self) {
        eprintln!("this was on {}", self.0);
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Tcp => "TCP sockets",
            Kind::Unix => "Unix streams",
            Kind::Pipes => "pipes",
            Kind::InMemory => "connections in memory",
        })
    }
}

impl Kind {
    /// Two ends.
    pub(crate) fn pair(self) -> (End, End) {
        match self {
            Kind::Tcp => {
                let (one, other) = tcp();
                // Little is on its way, so that a law is soon done.
                one.set_send_buffer_size(1).unwrap();
                other.set_send_buffer_size(1).unwrap();
                (End::Tcp(one), End::Tcp(other))
            }
            Kind::Unix => {
                let (one, other) = UnixStream::pair().unwrap();
                (End::Unix(one), End::Unix(other))
            }
            Kind::Pipes => {
                let ((one, to_one), (other, to_other)) = (pipe().unwrap(), pipe().unwrap());
                let end = |reader, writer| End::Pipes(reader, Rc::new(RefCell::new(Some(writer))));
                (end(one, to_other), end(other, to_one))
            }
            Kind::InMemory => {
                let (one, other) = connection();
                (End::InMemory(one), End::InMemory(other))
            }
        }
    }
}

impl End {
    /// Up to `most` bytes, as soon as there are any; none at the end of the stream.
    pub(crate) fn read(&self, most: usize) -> BoxTask<io::Result<Vec<u8>>> {
        let buffer = vec![0; most];
        match self {
            End::Tcp(end) => map(end.read_owned(buffer), taken),
            End::Unix(end) => map(end.read_owned(buffer), taken),
            End::Pipes(reader, _) => map(reader.read_owned(buffer), taken),
            End::InMemory(end) => Box::pin(end.read(most)),
        }
    }

    /// As many bytes as it is asked for.
    pub(crate) fn read_exact(&self, n: usize) -> BoxTask<io::Result<Vec<u8>>> {
        let buffer = vec![0; n];
        match self {
            End::Tcp(end) => map(end.read_exact_owned(buffer), filled),
            End::Unix(end) => map(end.read_exact_owned(buffer), filled),
            End::Pipes(reader, _) => map(reader.read_exact_owned(buffer), filled),
            End::InMemory(end) => Box::pin(end.read_exact(n)),
        }
    }

    /// Writes some of these bytes; how many.
    pub(crate) fn write(&self, bytes: impl Into<Vec<u8>>) -> BoxTask<io::Result<usize>> {
        let bytes = bytes.into();
        match self {
            End::Tcp(end) => map(end.write_owned(bytes), |(written, _)| written),
            End::Unix(end) => map(end.write_owned(bytes), |(written, _)| written),
            End::Pipes(..) => map(self.writer().write_owned(bytes), |(written, _)| written),
            End::InMemory(end) => Box::pin(end.write(bytes)),
        }
    }

    /// Writes all of these bytes.
    pub(crate) fn write_all(&self, bytes: impl Into<Vec<u8>>) -> BoxTask<io::Result<()>> {
        let bytes = bytes.into();
        match self {
            End::Tcp(end) => map(end.write_all_owned(bytes), |(written, _)| written),
            End::Unix(end) => map(end.write_all_owned(bytes), |(written, _)| written),
            End::Pipes(..) => map(self.writer().write_all_owned(bytes), |(written, _)| written),
            End::InMemory(end) => Box::pin(end.write_all(bytes)),
        }
    }

    /// Writes no more. A pipe has no other way to say so than to drop its writer.
    pub(crate) fn close_write(&self) {
        match self {
            End::Tcp(end) => end.shutdown(Shutdown::Write).unwrap(),
            End::Unix(end) => end.shutdown(Shutdown::Write).unwrap(),
            End::Pipes(_, writer) => drop(writer.take()),
            End::InMemory(end) => end.close_write(),
        }
    }

    fn writer(&self) -> PipeWriter {
        let End::Pipes(_, writer) = self else { panic!("only a pipe has a writer of its own") };
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
