//! [`PipeReader`] and [`PipeWriter`].

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

/// A pipe: what is written to one end is read from the other.
///
/// # Errors
///
/// When no more descriptors are to be had.
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

/// What both ends have: `new`, `into_fd` and `as_fd`. The descriptor is read and written as a
/// [`fs::File`], whatever it is.
macro_rules! pipe_methods {
    ($end:ident) => {
        impl $end {
            /// A pipe that was opened elsewhere: of the standard library, a named one, a terminal.
            ///
            /// It does not block from now on, for whoever else holds this very end.
            ///
            /// # Errors
            ///
            /// When it cannot be made non-blocking.
            pub fn new(fd: impl Into<OwnedFd>) -> io::Result<Self> {
                let fd = fd.into();
                ioctl_fionbio(&fd, true)?;
                Ok(Self { source: Arc::new(Source::new(fd.into())) })
            }

            /// The descriptor, which blocks again: for the standard library, or a child.
            ///
            /// # Errors
            ///
            /// `ResourceBusy` while clones of this end or operations on it are left: they would
            /// block, too. When it cannot be made blocking.
            pub fn into_fd(self) -> io::Result<OwnedFd> {
                let fd: OwnedFd = Source::take_out(self.source)?.into();
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

/// The end of a pipe that is read. Clones are the same end; it is closed when the last of them, and
/// the last operation on it, is dropped.
#[derive(Clone, Debug)]
pub struct PipeReader {
    source: Arc<Source<fs::File>>,
}

// `read`, `read_exact`, `read_vectored` and `read_to_end`, each also with `_owned`: in
// `stream/read.rs`.
read_methods! { PipeReader }
pipe_methods! { PipeReader }

/// The end of a pipe that is written. Clones are the same end; it is closed when the last of them,
/// and the last operation on it, is dropped. Then the other end reads the end of the stream.
///
/// Where nobody is left to read, a write is a `BrokenPipe` error.
#[derive(Clone, Debug)]
pub struct PipeWriter {
    source: Arc<Source<fs::File>>,
}

// `write`, `write_all` and `write_vectored`, each also with `_owned`: in `stream/write.rs`. A pipe
// has ended when its writer is dropped.
write_methods! { PipeWriter, end_writing: |_| Ok(()) }
pipe_methods! { PipeWriter }

impl Attempts for PipeWriter {
    fn leave(&self, interest: Interest, place: &mut QueuePlace) {
        self.source.leave(interest, place);
    }
}
