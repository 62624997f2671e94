//! [`Stdio`]: the standard input, output or error of a child.

use std::{
    fs, io,
    os::fd::OwnedFd,
    process::{self, ChildStderr, ChildStdin, ChildStdout},
    sync::Arc,
};

/// Describes the standard input, output or error of a child. Unlike [`std::process::Stdio`], it can
/// be cloned, so that a [`Command`](super::Command) can be cloned.
///
/// Descriptors of the standard library are converted with `into`. For pipes and sockets of this
/// crate, call [`into_fd`](crate::net::TcpStream::into_fd) first. It makes the descriptor blocking.
/// A child does not expect a non-blocking descriptor, and would lose output where it has to wait.
#[derive(Clone, Debug)]
pub struct Stdio(StdioKind);

#[derive(Clone, Debug)]
enum StdioKind {
    Inherit,
    Null,
    Piped,
    Descriptor(Arc<OwnedFd>),
}

impl Stdio {
    /// Returns the standard input, output or error of this process.
    pub fn inherit() -> Self {
        Self(StdioKind::Inherit)
    }

    /// Returns the null device. The child reads the end at once, and all that it writes is lost.
    pub fn null() -> Self {
        Self(StdioKind::Null)
    }

    /// Returns a pipe. Its other end is in the [`Child`](super::Child).
    pub fn piped() -> Self {
        Self(StdioKind::Piped)
    }

    /// Converts it for one child. A descriptor is duplicated.
    pub(super) fn to_std(&self) -> io::Result<process::Stdio> {
        Ok(match &self.0 {
            StdioKind::Inherit => process::Stdio::inherit(),
            StdioKind::Null => process::Stdio::null(),
            StdioKind::Piped => process::Stdio::piped(),
            StdioKind::Descriptor(fd) => fd.try_clone()?.into(),
        })
    }
}

macro_rules! stdio_from {
    ($($from:ty),*) => { $(
        impl From<$from> for Stdio {
            fn from(from: $from) -> Self {
                Self(StdioKind::Descriptor(Arc::new(from.into())))
            }
        }
    )* };
}

stdio_from!(
    OwnedFd,
    fs::File,
    io::PipeReader,
    io::PipeWriter,
    ChildStdin,
    ChildStdout,
    ChildStderr
);
