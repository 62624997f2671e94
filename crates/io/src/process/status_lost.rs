//! [`StatusLost`]: the error for a child whose exit status is lost.

use std::{error::Error, fmt, io};

use crate::signal::{Signal, is_ignored};

/// The error for a child that this process can no longer wait for. The exit status of the child is
/// lost. The output of the child is kept in this error.
///
/// Every method that waits for a [`Child`](super::Child) or sends it a signal can return it, inside
/// an [`io::Error`]. The message names the cause and the remedy.
///
/// ```
/// use quadrivium::{prelude::*, process::{Command, StatusLost}};
///
/// let output = EventLoop::new()?.block_on(Command::new("echo").arg("hello").output())?;
/// let stdout = match output {
///     Ok(output) => output.stdout,
///     // Perhaps this process was started with SIGCHLD ignored.
///     Err(error) => error.downcast::<StatusLost>()?.into_output().0,
/// };
/// assert_eq!(stdout, b"hello\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StatusLost {
    cause: Cause,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cause {
    /// This process ignores SIGCHLD, so the kernel does not keep the status of children.
    Ignored,
    /// Another part of this process has waited for the child.
    Taken,
    /// The child belongs to the process that this one was forked from.
    Forked,
}

impl StatusLost {
    /// Returns the error for a child. `is_of_this_process` is false if the process that this one
    /// was forked from has started the child.
    pub(super) fn error(is_of_this_process: bool) -> io::Error {
        let cause = match is_of_this_process {
            false => Cause::Forked,
            true if is_ignored(Signal::Child) => Cause::Ignored,
            true => Cause::Taken,
        };
        io::Error::other(Self { cause, stdout: Vec::new(), stderr: Vec::new() })
    }

    pub(super) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|error| error.is::<Self>())
    }

    /// Adds the output of the child, if the error is a `StatusLost`.
    pub(super) fn with_output(error: io::Error, stdout: Vec<u8>, stderr: Vec<u8>) -> io::Error {
        match error.downcast::<Self>() {
            Ok(Self { cause, .. }) => io::Error::other(Self { cause, stdout, stderr }),
            Err(error) => error,
        }
    }

    /// Returns what the child wrote to its standard output and to its standard error. Both are
    /// empty unless the error comes from [`output`](super::Command::output) or
    /// [`wait_with_output`](super::Child::wait_with_output).
    pub fn into_output(self) -> (Vec<u8>, Vec<u8>) {
        (self.stdout, self.stderr)
    }
}

impl fmt::Display for StatusLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the exit status of this child is lost: ")?;
        f.write_str(match self.cause {
            Cause::Ignored => {
                "SIGCHLD is ignored, perhaps since the program was started, so the kernel does not \
                 keep the status; call `Signals::new([Signal::Child])` before the first child is \
                 started"
            }
            Cause::Taken => {
                "another part of this process has waited for it; let that part wait for its own \
                 children by their numbers, not for all children"
            }
            Cause::Forked => {
                "it is a child of the process that this one was forked from; wait for it there"
            }
        })
    }
}

quadrivium_core::debug_as_display! {
    StatusLost;
}

impl Error for StatusLost {}
