//! Tasks written as green threads: plain functions on stacks of their own; and [`Blocking`], by
//! which crates that know nothing of them read and write.

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

/// A stream that reads and writes as one that blocks, and suspends the green thread instead: for
/// every crate that takes a [`Read`] or a [`Write`].
///
/// Any depth of foreign code may stand between the body of the green thread and the stream: a TLS
/// handshake, a parser, a decoder. `&Blocking` reads and writes too, so that one green thread may
/// read what another writes.
///
/// ```
/// use quadrivium::{green::Blocking, net::UnixStream, prelude::*};
/// use std::io::{BufRead, BufReader, Write};
///
/// let (one, other) = UnixStream::pair()?;
/// let asks = green(move || {
///     let stream = Blocking::new(one);
///     writeln!(&stream, "who is there?")?;
///     let mut answer = String::new();
///     BufReader::new(&stream).read_line(&mut answer)?;
///     Ok::<_, std::io::Error>(answer)
/// });
/// let answers = green(move || {
///     let stream = Blocking::new(other);
///     let asked = BufReader::new(&stream).lines().next().unwrap()?;
///     writeln!(&stream, "you said {asked:?}")
/// });
/// let (answer, answered) = EventLoop::new()?.block_on(join(asks, answers))?;
/// answered?;
/// assert_eq!(answer?, "you said \"who is there?\"\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the stream. While the stack is unwound, by a panic or a cancel, what would have to wait
/// fails: a `BufWriter` that is dropped then writes what can be written at once.
///
/// # Panics
///
/// Reading and writing panic outside the body of a green thread, as [`perform`] does.
#[derive(Clone, Debug)]
pub struct Blocking<S> {
    stream: S,
}

impl<S> Blocking<S> {
    /// This stream, to be read and written as one that blocks.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, for leaves again.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

/// Performs an operation, unless the stack is unwound: then a wait would be a panic in a destructor,
/// which ends the process. So it is tried once.
fn wait_for<T>(operation: impl Task<Output = io::Result<T>>) -> io::Result<T> {
    if !thread::panicking() {
        return perform(operation);
    }
    // There is one try, so it gives way to nobody.
    fairness::begin_step();
    // A task that is cancelled outside a run has no host, so nobody to wait with.
    if host::current().is_some()
        && let Step::Done(done) = pin!(operation).resume(&mut Context::new(Waker::noop()))
    {
        return done;
    }
    Err(io::Error::other("a stream cannot be waited for while the stack is unwound: flush before"))
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

/// Performs each [`next`](Stream::next) on the green thread: a stream in a `for` loop.
///
/// ```
/// use quadrivium::{generator::stream, green::Blocking, prelude::*};
///
/// let items = stream(|mut co| async move {
///     co.perform(turn()).await;
///     co.yield_item("waited for").await;
/// });
/// let hears = green(|| Blocking::new(items).collect::<Vec<_>>());
/// assert_eq!(EventLoop::new()?.block_on(hears)?, ["waited for"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<T> Iterator for Blocking<Stream<T>> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        perform(self.stream.next())
    }
}
