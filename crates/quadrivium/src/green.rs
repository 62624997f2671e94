//! Tasks that are written as green threads: plain functions on stacks of their own. Also
//! [`Blocking`], with which crates that were not written for green threads read and write.

use std::{
    io::{self, IoSlice, Read, Write},
    pin::pin,
    task::Waker,
    thread,
};

use quadrivium_core::{Context, Step, Task, fairness, host};
use quadrivium_generator::Stream;
pub use quadrivium_green::*;
use quadrivium_io::{ByteReader, ByteWriter};

/// A stream with [`Read`] and [`Write`]. It suspends the green thread where other streams block the
/// OS thread, so every crate that takes a reader or a writer can use it.
///
/// Any depth of other code may be between the body of the green thread and the stream: a TLS
/// handshake, a parser, a decoder. `&Blocking` also reads and writes, so one green thread can read
/// while another writes.
///
/// ```
/// use quadrivium::{green::Blocking, net::UnixStream, prelude::*};
/// use std::io::{BufRead, BufReader, Write};
///
/// let (one, other) = UnixStream::pair()?;
/// let client = green(move || {
///     let stream = Blocking::new(one);
///     writeln!(&stream, "who is there?")?;
///     let mut answer = String::new();
///     BufReader::new(&stream).read_line(&mut answer)?;
///     Ok::<_, std::io::Error>(answer)
/// });
/// let server = green(move || {
///     let stream = Blocking::new(other);
///     let asked = BufReader::new(&stream).lines().next().unwrap()?;
///     writeln!(&stream, "you said {asked:?}")
/// });
/// let (answer, answered) = EventLoop::new()?.block_on(join(client, server))?;
/// answered?;
/// assert_eq!(answer?, "you said \"who is there?\"\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Reading and writing return the errors of the stream. While the stack is unwound, by a panic or a
/// cancel, an operation that would have to wait fails. So a `BufWriter` that is dropped then writes
/// only the bytes that can be written at once.
///
/// # Panics
///
/// Reading and writing panic outside the body of a green thread, as [`perform`] does.
#[derive(Clone, Debug)]
pub struct Blocking<S> {
    stream: S,
}

impl<S> Blocking<S> {
    /// Wraps a stream.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Returns the wrapped stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Unwraps the stream, so that its leaves can be performed again.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

/// Performs an operation. While the stack is unwound it tries the operation only once, because a
/// wait would be a panic in a destructor, which ends the process.
fn wait_for<T>(operation: impl Task<Output = io::Result<T>>) -> io::Result<T> {
    if !thread::panicking() {
        return perform(operation);
    }
    // The operation must not give way to other tasks, since it is tried only once.
    fairness::begin_step();
    // If a task is cancelled outside a run, no host drives this thread, and the operation cannot
    // use one.
    if host::current().is_some()
        && let Step::Done(done) = pin!(operation).resume(&mut Context::new(Waker::noop()))
    {
        return done;
    }
    Err(io::Error::other(
        "a green thread cannot wait for a stream while its stack is unwound: flush it before",
    ))
}

impl<S: ByteReader> Read for &Blocking<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait_for(self.stream.read(buffer))
    }
}

impl<S: ByteReader> Read for Blocking<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl<S: ByteWriter> Write for &Blocking<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait_for(self.stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        wait_for(self.stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: ByteWriter> Write for Blocking<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Performs each [`next`](Stream::next) on the green thread. So a `for` loop can iterate over a
/// stream.
///
/// ```
/// use quadrivium::{generator::stream, green::Blocking, prelude::*};
///
/// let items = stream(|mut co| async move {
///     co.perform(turn()).await;
///     co.yield_item("waited for").await;
/// });
/// let collecting = green(|| Blocking::new(items).collect::<Vec<_>>());
/// assert_eq!(EventLoop::new()?.block_on(collecting)?, ["waited for"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<T> Iterator for Blocking<Stream<T>> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        perform(self.stream.next())
    }
}
