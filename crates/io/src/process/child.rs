//! [`Child`].

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

/// What a child reads as its standard input. It reads the end when this is dropped.
pub type ChildStdin = PipeWriter;

/// What a child writes to its standard output.
pub type ChildStdout = PipeReader;

/// What a child writes to its standard error.
pub type ChildStderr = PipeReader;

/// A child process. Made by [`Command::spawn`](super::Command::spawn).
///
/// Dropped, it runs on, unless [`kill_on_drop`](super::Command::kill_on_drop) was said. When it
/// ends then, it is taken off the kernel's list by a thread that is there only for such children:
/// it leaves no zombie. When the operating system refuses that thread, a child that has ended stays
/// a zombie until the next child is started or dropped.
#[derive(Debug)]
pub struct Child {
    /// Its standard input, if that is a pipe.
    pub stdin: Option<ChildStdin>,
    /// Its standard output, if that is a pipe.
    pub stdout: Option<ChildStdout>,
    /// Its standard error, if that is a pipe.
    pub stderr: Option<ChildStderr>,
    /// Not in `Child` itself, so that its pipes can be moved out.
    process: KillOnDrop,
}

/// A child process, which is killed when this is dropped, if it was asked for.
#[derive(Debug)]
struct KillOnDrop {
    source: Arc<Source<ReapOnDrop>>,
    is_asked_for: bool,
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
            // Until it is known that all is well.
            is_asked_for: true,
        };
        let stdin = pipes.0.map(PipeWriter::new).transpose()?;
        let stdout = pipes.1.map(PipeReader::new).transpose()?;
        let stderr = pipes.2.map(PipeReader::new).transpose()?;
        process.is_asked_for = kill_on_drop;
        Ok(Self { stdin, stdout, stderr, process })
    }

    /// Its number, which is not used again before it was waited for.
    pub fn id(&self) -> u32 {
        self.process.child().id()
    }

    /// Waits until it has ended; how. Its standard input is closed first, if it is still here, so
    /// that it does not wait for us.
    ///
    /// The answer is the same each time. Dropped before it is done, it has closed standard input.
    ///
    /// # Errors
    ///
    /// [`StatusLost`](super::StatusLost) when another part of the program has waited for it, or
    /// SIGCHLD is ignored in this process.
    pub fn wait(&mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        wait(&self.process.source, self.stdin.take(), ())
    }

    /// How it ended, if it has. Does not wait.
    ///
    /// # Errors
    ///
    /// As those of [`wait`](Child::wait).
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.child().try_wait()
    }

    /// Waits until it has ended; how, and what it wrote until then. Both pipes are read at once, so
    /// neither fills up. Its standard input is closed first.
    ///
    /// Dropped before it is done, it loses what was read, and drops the child.
    ///
    /// # Errors
    ///
    /// When a pipe cannot be read. And as those of [`wait`](Child::wait): what the child wrote is
    /// then [in the error](super::StatusLost::into_output).
    pub fn wait_with_output(mut self) -> impl Leaf<io::Result<Output>> + use<> {
        let read = |pipe: Option<ChildStdout>| Some(pipe?.read_to_end_owned(Vec::new()));
        let [stdout, stderr] = [self.stdout.take(), self.stderr.take()].map(read);
        CollectOutput::new(stdout, stderr, self.into_wait())
    }

    /// The same as [`wait`](Child::wait), and keeps the child.
    pub(super) fn into_wait(mut self) -> impl Leaf<io::Result<ExitStatus>> + use<> {
        let stdin = self.stdin.take();
        wait(&Arc::clone(&self.process.source), stdin, self)
    }

    /// Ends it, whatever it says. Harmless when it has ended.
    ///
    /// # Errors
    ///
    /// When it may not be ended, since it runs as somebody else. And as those of
    /// [`signal`](Child::signal).
    pub fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::Kill)
    }

    /// Sends it a signal. Harmless when it has ended.
    ///
    /// It never reaches another process, even when another part of the program has waited for the
    /// child and its number was given again. Where the kernel refuses a pidfd, the signal goes by
    /// number, after a look at whether the child is still there.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a signal without a name; when it may not be sent to it;
    /// [`StatusLost`](super::StatusLost) when another part of the program has waited for it, or
    /// SIGCHLD is ignored and it has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.process.child().signal(signal)
    }

    /// Sends a signal to the group of processes that it leads, as it does after
    /// [`process_group(0)`](super::Command::process_group): to it and to those it has started, also
    /// when it has ended and they have not.
    ///
    /// After [`wait`](Child::wait) or [`try_wait`](Child::try_wait) has said how it ended, this
    /// does nothing: another group may have the number by then. To end a whole group, send the
    /// signal first and wait afterwards.
    ///
    /// # Errors
    ///
    /// As those of [`signal`](Child::signal), and when it leads no group.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        self.process.child().signal_group(signal)
    }

    /// Asks it to end: [`signal`](Child::signal) with [`Signal::Terminate`].
    ///
    /// # Errors
    ///
    /// As those of `signal`.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::Terminate)
    }
}

/// `guard` is dropped with the leaf.
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
        // A process that was forked since has a copy of this, and must not end the child.
        if self.is_asked_for && child.is_of_this_process() {
            // Where that is not allowed nobody can be told.
            let _ = child.signal(Signal::Kill);
        }
    }
}
