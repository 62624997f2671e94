//! [`Child`]: a running child process.

use std::{
    io,
    process::{self, ExitStatus, Output},
    sync::Arc,
};

use quadrivium_core::Interest::Readable;

use super::{
    child_descriptor::{ChildDescriptor, ReapOnDrop},
    output::CollectOutput,
};
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    pipe::{PipeReader, PipeWriter},
    signal::Signal,
};

/// The pipe to a child's standard input. When it is dropped, the child reads the end of its input.
pub type ChildStdin = PipeWriter;

/// The pipe from a child's standard output.
pub type ChildStdout = PipeReader;

/// The pipe from a child's standard error.
pub type ChildStderr = PipeReader;

/// A child process. Created by [`Command::spawn`](super::Command::spawn).
///
/// When a `Child` is dropped, the child process runs on, unless
/// [`kill_on_drop`](super::Command::kill_on_drop) was set. A child that has ended stays on the
/// kernel's list, as a *zombie*, until its parent waits for it. So one thread waits for children
/// whose `Child` was dropped. It runs only while there are such children. If the operating system
/// refuses to start that thread, a child that has ended stays a zombie until the next child is
/// started or dropped.
#[derive(Debug)]
pub struct Child {
    /// The standard input of the child, if it is a pipe.
    pub stdin: Option<ChildStdin>,
    /// The standard output of the child, if it is a pipe.
    pub stdout: Option<ChildStdout>,
    /// The standard error of the child, if it is a pipe.
    pub stderr: Option<ChildStderr>,
    /// A field with a destructor, not a destructor of `Child` itself, so that the pipes can be
    /// moved out of `Child`.
    process: KillOnDrop,
}

/// A child process that is killed when this is dropped, if `is_enabled` is set.
#[derive(Debug)]
struct KillOnDrop {
    source: Arc<Source<ReapOnDrop>>,
    is_enabled: bool,
}

impl KillOnDrop {
    fn child(&self) -> &ChildDescriptor {
        self.source.io().child()
    }
}

impl Child {
    pub(super) fn new(mut std: process::Child, kill_on_drop: bool) -> io::Result<Self> {
        let pipes = (std.stdin.take(), std.stdout.take(), std.stderr.take());
        let mut process = KillOnDrop {
            source: Arc::new(Source::new(ReapOnDrop::new(std)?)),
            // The child is killed if one of the next steps fails.
            is_enabled: true,
        };
        let stdin = pipes.0.map(PipeWriter::new).transpose()?;
        let stdout = pipes.1.map(PipeReader::new).transpose()?;
        let stderr = pipes.2.map(PipeReader::new).transpose()?;
        process.is_enabled = kill_on_drop;
        Ok(Self { stdin, stdout, stderr, process })
    }

    /// Returns the process number of the child. The number is not used again before the child was
    /// waited for.
    pub fn id(&self) -> u32 {
        self.process.child().id()
    }

    /// Waits until the child has ended, and returns its exit status. If the child's standard input
    /// is still in this `Child`, it is closed first, so that the child does not wait for more
    /// input.
    ///
    /// A later call returns the same status. An operation that is dropped before it is done has
    /// closed the standard input.
    ///
    /// # Errors
    ///
    /// The output is a [`StatusLost`](super::StatusLost) error when another part of the program has
    /// waited for the child, or when this process ignores SIGCHLD.
    pub fn wait(&mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        wait(&self.process.source, self.stdin.take(), ())
    }

    /// Returns the exit status of the child, if it has ended. Does not wait.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`wait`](Child::wait).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.child().try_wait()
    }

    /// Waits until the child has ended, and returns its exit status and all that it wrote. Both
    /// pipes are read at the same time, so neither fills up. The child's standard input is closed
    /// first.
    ///
    /// An operation that is dropped before it is done loses the bytes that it has read, and drops
    /// the child.
    ///
    /// # Errors
    ///
    /// The output is an error when a pipe cannot be read, and one of the errors of
    /// [`wait`](Child::wait). A `StatusLost` error then [contains the
    /// output](super::StatusLost::into_output) of the child.
    pub fn wait_with_output(mut self) -> impl Leaf<io::Result<Output>> + use<> {
        let read = |pipe: Option<ChildStdout>| Some(pipe?.read_to_end_owned(Vec::new()));
        let [stdout, stderr] = [self.stdout.take(), self.stderr.take()].map(read);
        CollectOutput::new(stdout, stderr, self.into_wait())
    }

    /// Like [`wait`](Child::wait), but keeps the `Child` in the leaf.
    pub(super) fn into_wait(mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        let stdin = self.stdin.take();
        wait(&Arc::clone(&self.process.source), stdin, self)
    }

    /// Kills the child. Does nothing if the child has ended.
    ///
    /// # Errors
    ///
    /// Returns an error when this process may not kill the child, because the child runs as another
    /// user. Also returns the errors of [`signal`](Child::signal).
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::Kill)
    }

    /// Sends a signal to the child. Does nothing if the child has ended.
    ///
    /// The signal goes through a *pidfd*, a descriptor that always means this child. So it never
    /// reaches another process, even when another part of the program has waited for the child and
    /// the kernel has reused its number. Where the kernel refuses a pidfd, the signal goes by
    /// number, after a check that the child is still there.
    ///
    /// # Errors
    ///
    /// Returns one of these errors:
    ///
    /// * `InvalidInput` for a signal without a name.
    /// * An error when this process may not send the signal to the child.
    /// * [`StatusLost`](super::StatusLost) when another part of the program has waited for the
    ///   child, or when this process ignores SIGCHLD and the child has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.process.child().signal(signal)
    }

    /// Sends a signal to the process group that the child leads. The child leads a group after
    /// [`process_group(0)`](super::Command::process_group). The signal reaches the child and the
    /// processes that it has started. It reaches them also when the child has ended and they still
    /// run.
    ///
    /// After [`wait`](Child::wait) or [`try_wait`](Child::try_wait) has returned the exit status,
    /// this does nothing, because another group may have the number by then. To end a whole group,
    /// send the signal first and wait afterwards.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`signal`](Child::signal), and an error when the child leads no group.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        self.process.child().signal_group(signal)
    }

    /// Asks the child to end: [`signal`](Child::signal) with [`Signal::Terminate`].
    ///
    /// # Errors
    ///
    /// Returns the errors of `signal`.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::Terminate)
    }
}

/// Returns the leaf of [`Child::wait`]. `guard` is kept in the leaf and dropped with it.
pub(super) fn wait<G>(
    process: &Arc<Source<ReapOnDrop>>,
    mut stdin: Option<ChildStdin>,
    guard: G,
) -> impl Leaf<io::Result<ExitStatus>> + use<G> {
    Operation::new(process, Readable, NO_BUFFER, move |process: &ReapOnDrop, _| {
        let _is_kept = &guard;
        drop(stdin.take());
        match process.child().try_wait()? {
            Some(status) => Ok(Tried::Done(status)),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    })
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let child = self.child();
        // A process that was forked since has a copy of this, and must not kill the child.
        if self.is_enabled && child.is_of_this_process() {
            // A destructor cannot return an error when the signal is not allowed.
            let _ = child.signal(Signal::Kill);
        }
    }
}
