//! [`BufReader`]: reads a stream in large pieces, and returns it in small ones, such as lines.

mod leaf;
mod unread;
mod reads;
mod attempts;

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::{leaf::Buffered, unread::UnreadBytes};
use super::attempts::AttemptRead;
use crate::descriptor::{Leaf, NO_BUFFER};

/// The number of bytes that are read at once, unless a program chooses another number.
const CAPACITY: usize = 8 * 1024;

/// A stream that is read in large pieces and returned in small ones: in lines, up to a delimiter,
/// or in a number of bytes. Any stream can be wrapped: sockets, pipes (also the output of a child),
/// files, and the connections of the test kit.
///
/// **A dropped operation loses nothing.** The bytes that have arrived stay in the buffer until an
/// operation is done, and the next operation finds them. So a [`timeout`](quadrivium_core::timeout)
/// around [`next_line`](Self::next_line) may end in the middle of a line.
///
/// Clones share the stream and the buffer. All operations take `&self` and keep a clone. So they
/// have one form for all styles, and a callback can use them, too. Several tasks may read at the
/// same time. Each line then goes to one of them, whole.
///
/// The stream itself can still be written, and its options can be set: see
/// [`get_ref`](Self::get_ref). Bytes that the buffer has are not there for reads of the stream
/// itself.
///
/// ```
/// use quadrivium::{io::BufReader, net::UnixStream, prelude::*};
///
/// let (one, other) = UnixStream::pair()?;
/// let program = future(async move {
///     one.write_all(b"first\r\nsecond\n\nno newline").await?;
///     drop(one);
///     let reader = BufReader::new(other);
///     let mut lines = Vec::new();
///     while let Some(line) = reader.next_line().await? {
///         lines.push(line);
///     }
///     Ok::<_, std::io::Error>(lines)
/// });
/// let lines = EventLoop::new()?.block_on(program)??;
/// assert_eq!(lines, ["first", "second", "", "no newline"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BufReader<S> {
    shared: Arc<SharedReader<S>>,
}

/// The stream and the buffer, which clones share.
struct SharedReader<S> {
    stream: S,
    capacity: usize,
    /// The greatest number of bytes that `read_until` and `next_line` look through.
    limit: usize,
    unread: Mutex<UnreadBytes>,
}

impl<S: AttemptRead> BufReader<S> {
    /// Wraps a stream. The buffer takes memory when it is first used: 8 KiB, or more for a longer
    /// line.
    pub fn new(stream: S) -> Self {
        Self::with_capacity(CAPACITY, stream)
    }

    /// Like [`new`](Self::new), but reads up to `capacity` bytes at once.
    ///
    /// # Panics
    ///
    /// Panics when `capacity` is 0: nothing could ever be read.
    pub fn with_capacity(capacity: usize, stream: S) -> Self {
        assert!(capacity > 0, "a buffer needs room for at least one byte");
        let shared = SharedReader { stream, capacity, limit: usize::MAX, unread: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Wraps a stream whose lines may have at most `limit` bytes each, with the delimiter.
    ///
    /// Without a limit, a peer that never sends a newline fills the memory. With a limit,
    /// [`read_until`](Self::read_until) and [`next_line`](Self::next_line) then fail with
    /// `InvalidData`. The bytes stay in the buffer.
    pub fn with_limit(limit: usize, stream: S) -> Self {
        let shared = SharedReader { stream, capacity: CAPACITY, limit, unread: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Returns the stream, to write to it or to set its options.
    pub fn get_ref(&self) -> &S {
        &self.shared.stream
    }

    /// Returns the stream and the bytes that were read from it and not used.
    ///
    /// # Errors
    ///
    /// Returns a `ResourceBusy` error while clones of the reader or operations on it are left.
    pub fn into_inner(self) -> io::Result<(S, Vec<u8>)> {
        let shared = Arc::try_unwrap(self.shared).map_err(|_| {
            let remedy = "clones of this reader, or operations on it, still exist: drop them first";
            io::Error::new(io::ErrorKind::ResourceBusy, remedy)
        })?;
        let mut unread = shared.unread.into_inner().unwrap_or_else(PoisonError::into_inner);
        let bytes = unread.bytes().to_vec();
        unread.consume(bytes.len());
        Ok((shared.stream, bytes))
    }

    /// Waits until the buffer has bytes, and returns a copy of them. Returns no bytes at the end of
    /// the stream. The bytes stay in the buffer, until [`consume`](Self::consume) or another
    /// operation takes them.
    ///
    /// ```
    /// use quadrivium::{green::perform, io::BufReader, net::UnixStream, prelude::*};
    ///
    /// let (one, other) = UnixStream::pair()?;
    /// let greeting = green(move || {
    ///     perform(one.write_all(b"hello, world"))?;
    ///     let reader = BufReader::new(other);
    ///     // Decides by the first bytes, and leaves them to the code that parses them.
    ///     let is_greeting = perform(reader.fill_buf())?.starts_with(b"hello");
    ///     reader.consume(7);
    ///     assert_eq!(perform(reader.fill_buf())?, b"world");
    ///     Ok::<_, std::io::Error>(is_greeting)
    /// });
    /// assert!(EventLoop::new()?.block_on(greeting)??);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn fill_buf(&self) -> impl Leaf<io::Result<Vec<u8>>> + use<S> {
        Buffered::new(self, NO_BUFFER, |unread, (), is_end| {
            let has_bytes = !unread.bytes().is_empty();
            (has_bytes || is_end).then(|| Ok(unread.bytes().to_vec()))
        })
    }

    /// Removes the first `n` bytes from the buffer, or all bytes if it has fewer.
    pub fn consume(&self, n: usize) {
        self.shared.unread().consume(n);
    }

    /// Reads up to this delimiter, and returns the bytes with the delimiter. At the end of the
    /// stream, returns the bytes that are left, which may be none.
    ///
    /// An operation that is dropped before it is done has taken nothing.
    #[track_caller]
    pub fn read_until(&self, delimiter: u8) -> impl Leaf<io::Result<Vec<u8>>> + use<S> {
        let limit = self.shared.limit;
        let mut searched = unread::Searched::default();
        Buffered::new(self, NO_BUFFER, move |unread, (), is_end| {
            reads::until(delimiter, limit, unread, &mut searched, is_end)
        })
    }

    /// Reads the next line, and returns it without its `\n` or `\r\n`. Returns `None` at the end of
    /// the stream. A last line need not end with a newline.
    ///
    /// If the line is not valid UTF-8, the output is an `InvalidData` error, and the line is gone.
    /// [`read_until`](Self::read_until) reads such lines.
    ///
    /// An operation that is dropped before it is done has taken nothing:
    ///
    /// ```
    /// use quadrivium::{io::BufReader, net::UnixStream, prelude::*};
    /// use std::time::Duration;
    ///
    /// let (one, other) = UnixStream::pair()?;
    /// let program = callback(move |cb| {
    ///     cb.perform(one.write_all_owned("half a li"), move |cb, _| {
    ///         let reader = BufReader::new(other);
    ///         let line = timeout(Duration::from_millis(1), reader.next_line());
    ///         cb.perform(line, move |cb, line| {
    ///             assert!(line.is_err(), "the line has not ended, so the time is up");
    ///             cb.perform(one.write_all_owned("ne\n"), move |cb, _| {
    ///                 cb.perform(reader.next_line(), |cb, line| cb.done(line));
    ///             });
    ///         });
    ///     });
    /// });
    /// let line = EventLoop::new()?.block_on(program)??;
    /// assert_eq!(line.as_deref(), Some("half a line"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn next_line(&self) -> impl Leaf<io::Result<Option<String>>> + use<S> {
        let limit = self.shared.limit;
        let mut searched = unread::Searched::default();
        Buffered::new(self, NO_BUFFER, move |unread, (), is_end| {
            let line = reads::until(b'\n', limit, unread, &mut searched, is_end)?;
            Some(line.and_then(reads::line))
        })
    }
}

impl<S> SharedReader<S> {
    /// No user code runs under this lock, so a poisoned lock cannot protect half-made changes.
    fn unread(&self) -> MutexGuard<'_, UnreadBytes> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Clone for BufReader<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: fmt::Debug> fmt::Debug for BufReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.shared.unread().bytes().len();
        let mut reader = f.debug_struct("BufReader");
        reader.field("stream", &self.shared.stream).field("unread", &unread).finish()
    }
}
