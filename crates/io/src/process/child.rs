//! [`Child`]: a running child process.

use std::{
    io,
    process::{self, ExitStatus, Output},
    sync::Arc,
};

use quadrivium_core::{Interest::Readable, inspect::LeafKind};

use super::{
    child_descriptor::{ChildDescriptor, ReapOnDrop},
    output::CollectOutput,
};
use crate::{
    descriptor::{Leaf, NO_BUFFER, Operation, Source, Tried},
    pipe::{PipeReader, PipeWriter},
    signal::Signal,
};

/// The pipe to a child's standard input. When it is dropped, the child sees the end of its input
/// (EOF).
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

/// A child process. When this is dropped, the child is killed if `kills_on_drop` is set.
#[derive(Debug)]
struct KillOnDrop {
    source: Arc<Source<ReapOnDrop>>,
    kills_on_drop: bool,
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
            kills_on_drop: true,
        };
        let stdin = pipes.0.map(PipeWriter::new).transpose()?;
        let stdout = pipes.1.map(PipeReader::new).transpose()?;
        let stderr = pipes.2.map(PipeReader::new).transpose()?;
        process.kills_on_drop = kill_on_drop;
        Ok(Self { stdin, stdout, stderr, process })
    }

    /// Returns the process ID (PID) of the child. The system does not use it again until the child
    /// has been waited for.
    pub fn id(&self) -> u32 {
        self.process.child().id()
    }

    /// Waits until the child has ended, and returns its exit status. If the child's standard input
    /// is still in this `Child`, it is closed first, so that the child does not wait for more
    /// input.
    ///
    /// A later call returns the same status. If the returned leaf is dropped early, the standard
    /// input is closed all the same.
    ///
    /// # Errors
    ///
    /// The output is a [`StatusLost`](super::StatusLost) error when another part of the program has
    /// waited for the child, or when this process ignores SIGCHLD.
    #[track_caller]
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
    /// If the returned leaf is dropped early, the bytes that it has read are lost, and this `Child`
    /// is dropped.
    ///
    /// # Errors
    ///
    /// The result is an error if a pipe cannot be read, or if [`wait`](Child::wait) would return
    /// one. A `StatusLost` error [contains the bytes](super::StatusLost::into_output) that the
    /// child wrote.
    #[track_caller]
    pub fn wait_with_output(mut self) -> impl Leaf<io::Result<Output>> + use<> {
        let read = |pipe: Option<ChildStdout>| Some(pipe?.read_to_end_owned(Vec::new()));
        let [stdout, stderr] = [self.stdout.take(), self.stderr.take()].map(read);
        CollectOutput::new(stdout, stderr, self.into_wait())
    }

    /// Like [`wait`](Child::wait), but keeps the `Child` in the leaf.
    #[track_caller]
    pub(super) fn into_wait(mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        let stdin = self.stdin.take();
        wait(&Arc::clone(&self.process.source), stdin, self)
    }

    /// Kills the child. Does nothing, and returns `Ok`, if the child has ended (but see the last
    /// error of [`signal`](Child::signal)).
    ///
    /// # Errors
    ///
    /// Returns an error when this process may not kill the child, because the child runs as another
    /// user. Also returns the errors of [`signal`](Child::signal).
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::Kill)
    }

    /// Sends a signal to the child. Does nothing, and returns `Ok`, if the child has ended (but see
    /// the last error below).
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
    /// * `InvalidInput` for a number that has no signal name on this system, such as the number of
    ///   a real-time signal.
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
#[track_caller]
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
    .of_kind(LeafKind::Child)
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let child = self.child();
        // A process that was forked since has a copy of this, and must not kill the child.
        if self.kills_on_drop && child.is_of_this_process() {
            // A destructor cannot return an error when the signal is not allowed.
            let _ = child.signal(Signal::Kill);
        }
    }
}
