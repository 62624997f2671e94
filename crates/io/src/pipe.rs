//! [`PipeReader`] and [`PipeWriter`].

use std::{
    fs,
    io::{self, IoSlice, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::Arc,
};

use quadrivium_core::{Context, Interest, Step, Ticket};
use rustix::io::ioctl_fionbio;

use crate::{
    attempts::{attempt_read, attempt_write, attempts},
    keep::{Lent, Owned},
    methods::{read_operations, write_operations},
    operation::{Leaf, Operation},
    read_to_end::read_to_end,
    source::{Source, Tried},
    stream::{self, Stream},
};

/// Reads and writes whatever descriptor it is, in the direction in which that can be done.
type Std = fs::File;

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

/// The end of a pipe that is read. Clones are the same end; it is closed when the last of them, and
/// the last operation on it, is dropped.
#[derive(Clone, Debug)]
pub struct PipeReader {
    source: Arc<Source<Std>>,
}

/// The end of a pipe that is written. Clones are the same end; it is closed when the last of them,
/// and the last operation on it, is dropped. Then the other end reads the end of the stream.
///
/// Where nobody is left to read, a write is a `BrokenPipe` error.
#[derive(Clone, Debug)]
pub struct PipeWriter {
    source: Arc<Source<Std>>,
}

macro_rules! pipe_end {
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

            /// The descriptor, which blocks again: for the standard library, or another child.
            /// While clones of this end or operations on it are left, it is another descriptor of
            /// the same end, and they would block too: let them end first.
            ///
            /// # Errors
            ///
            /// When no more descriptors are to be had.
            pub fn into_fd(self) -> io::Result<OwnedFd> {
                let fd: OwnedFd = match Arc::try_unwrap(self.source) {
                    Ok(source) => source.into_io().into(),
                    Err(source) => source.io().as_fd().try_clone_to_owned()?,
                };
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

pipe_end!(PipeReader);
pipe_end!(PipeWriter);
read_operations!(PipeReader);
write_operations!(PipeWriter);
attempts!(PipeReader, PipeWriter);
attempt_read!(PipeReader);
// A pipe has ended when its writer is dropped.
attempt_write!(PipeWriter, |_| Ok(()));
