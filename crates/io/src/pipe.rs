//! [`PipeReader`] and [`PipeWriter`]: the two ends of a pipe.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::Arc,
};

use quadrivium_core::{Interest, QueuePlace};
use rustix::io::ioctl_fionbio;

use crate::{
    descriptor::Source,
    stream::{attempts::Attempts, read::read_methods, write::write_methods},
};

/// Creates a pipe. Bytes that are written to one end are read from the other.
///
/// # Errors
///
/// Returns an error when the process has no free descriptors.
///
/// ```
/// use quadrivium::{io::pipe, prelude::*};
///
/// let (reader, writer) = pipe()?;
/// let program = future(async move {
///     writer.write_all(b"through a pipe").await?;
///     drop(writer);
///     let mut bytes = Vec::new();
///     reader.read_to_end(&mut bytes).await?;
///     Ok::<_, std::io::Error>(bytes)
/// });
/// assert_eq!(EventLoop::new()?.block_on(program)??, b"through a pipe");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((PipeReader::new(reader)?, PipeWriter::new(writer)?))
}

/// Defines the methods that both ends have: `new`, `into_fd` and `as_fd`. The descriptor is read
/// and written as an [`fs::File`], even if it is a terminal or another kind of pipe.
macro_rules! pipe_methods {
    ($end:ident) => {
        impl $end {
            /// Wraps the end of a pipe that was opened elsewhere: by the standard library, a named
            /// pipe, or a terminal.
            ///
            /// The descriptor is made non-blocking. Other code that uses the same end of the pipe
            /// sees this, too.
            ///
            /// # Errors
            ///
            /// Returns an error when the descriptor cannot be made non-blocking.
            pub fn new(fd: impl Into<OwnedFd>) -> io::Result<Self> {
                let fd = fd.into();
                ioctl_fionbio(&fd, true)?;
                Ok(Self { source: Arc::new(Source::new(fd.into())) })
            }

            /// Returns the descriptor, and makes it blocking again: for the standard library, or
            /// for a child process.
            ///
            /// # Errors
            ///
            /// Returns a `ResourceBusy` error while clones of this end or operations on it are
            /// left, because they would block, too. Returns an error when the descriptor cannot be
            /// made blocking.
            pub fn into_fd(self) -> io::Result<OwnedFd> {
                let fd: OwnedFd = Source::into_io(self.source)?.into();
                ioctl_fionbio(&fd, false)?;
                Ok(fd)
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.source.io().as_fd()
            }
        }

        impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.source.io().as_raw_fd()
            }
        }
    };
}

/// The end of a pipe from which bytes are read.
///
/// Clones share the same end. It is closed when the last clone and the last operation on it have
/// been dropped.
#[derive(Clone, Debug)]
pub struct PipeReader {
    source: Arc<Source<fs::File>>,
}

// The methods `read`, `read_exact`, `read_vectored` and `read_to_end`, and their `_owned` forms,
// are in `stream/read.rs`.
read_methods! { PipeReader }
pipe_methods! { PipeReader }

/// The end of a pipe to which bytes are written.
///
/// Clones share the same end. It is closed when the last clone and the last operation on it have
/// been dropped. Then the reader of the pipe finds the end of the stream.
///
/// When all readers of the pipe are closed, a write is a `BrokenPipe` error.
#[derive(Clone, Debug)]
pub struct PipeWriter {
    source: Arc<Source<fs::File>>,
}

// The methods `write`, `write_all` and `write_vectored`, and their `_owned` forms, are in
// `stream/write.rs`. `end_writing` does nothing, because a pipe ends only when its writer is
// dropped.
write_methods! { PipeWriter, end_writing: |_| Ok(()) }
pipe_methods! { PipeWriter }

impl Attempts for PipeWriter {
    type Place = QueuePlace;

    fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        self.source.leave(interest, place);
    }
}
