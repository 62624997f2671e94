//! Tasks that are written as green threads: plain functions on stacks of their own. Also
//! [`Blocking`], with which crates that were not written for green threads read and write.

use std::{
    cell::Cell,
    io::{self, IoSlice, Read, Write},
    pin::pin,
    task::Waker,
    thread,
    time::Duration,
};

use quadrivium_core::{Context, Step, Task, fairness, host, timeout};
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
    read_timeout: Cell<Option<Duration>>,
    write_timeout: Cell<Option<Duration>>,
}

impl<S> Blocking<S> {
    /// Wraps a stream. Its reads and writes wait as long as they have to.
    pub fn new(stream: S) -> Self {
        Self { stream, read_timeout: Cell::new(None), write_timeout: Cell::new(None) }
    }

    /// Returns how long a read waits. `None` means that it has no limit.
    pub fn read_timeout(&self) -> Option<Duration> {
        self.read_timeout.get()
    }

    /// Sets how long a read waits. A read that waits longer fails with `TimedOut`, and has read
    /// nothing. So the stream can still be used. With a duration of zero, a read never waits.
    ///
    /// The clock is the clock of the host. A clone has limits of its own. They begin as those of
    /// the original.
    ///
    /// ```
    /// use quadrivium::{green::Blocking, net::UnixStream, prelude::*};
    /// use std::{io::{ErrorKind, Read}, time::Duration};
    ///
    /// let (one, _other) = UnixStream::pair()?;
    /// let reader = green(move || {
    ///     let mut stream = Blocking::new(one);
    ///     stream.set_read_timeout(Some(Duration::from_secs(60)));
    ///     stream.read(&mut [0])
    /// });
    /// let read = EventLoop::with_virtual_clock()?.block_on(reader)?;
    /// assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_read_timeout(&self, most: Option<Duration>) {
        self.read_timeout.set(most);
    }

    /// Returns how long a write waits. `None` means that it has no limit.
    pub fn write_timeout(&self) -> Option<Duration> {
        self.write_timeout.get()
    }

    /// Sets how long a write waits. A write that waits longer fails with `TimedOut`, and has
    /// written nothing. See [`set_read_timeout`](Self::set_read_timeout).
    pub fn set_write_timeout(&self, most: Option<Duration>) {
        self.write_timeout.set(most);
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
fn wait_for<T>(
    operation: impl Task<Output = io::Result<T>>,
    most: Option<Duration>,
) -> io::Result<T> {
    if !thread::panicking() {
        return match most {
            None => perform(operation),
            Some(most) => perform(timeout(most, operation)).unwrap_or_else(|_| {
                let what = format!("the stream was not ready within {most:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, what))
            }),
        };
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
        wait_for(self.stream.read(buffer), self.read_timeout())
    }
}

impl<S: ByteReader> Read for Blocking<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl<S: ByteWriter> Write for &Blocking<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait_for(self.stream.write(bytes), self.write_timeout())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        wait_for(self.stream.write_vectored(slices), self.write_timeout())
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
