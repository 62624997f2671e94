//! [`Stdio`].

use std::{
    fs, io,
    os::fd::OwnedFd,
    process::{self, ChildStderr, ChildStdin, ChildStdout},
    sync::Arc,
};

/// What the standard input, output or error of a child is: that of [`std::process::Stdio`], and it
/// can be copied, as a [`Command`](super::Command) can.
///
/// Any descriptor of the standard library becomes one by `into`, and any pipe or socket of ours
/// by its [`into_fd`](crate::net::TcpStream::into_fd) before. A child does not expect a descriptor
/// that does not block: its output would be lost where it has to wait.
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
    /// That of this process.
    pub fn inherit() -> Self {
        Self(StdioKind::Inherit)
    }

    /// Nothing: there is nothing to read, and what is written is lost.
    pub fn null() -> Self {
        Self(StdioKind::Null)
    }

    /// A pipe, whose other end is in the [`Child`](super::Child).
    pub fn piped() -> Self {
        Self(StdioKind::Piped)
    }

    /// For one child. A descriptor is copied.
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
