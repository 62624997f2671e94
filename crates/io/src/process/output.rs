//! [`CollectOutput`]: collects the output of a child until the child ends.

use std::{
    fmt, io, mem,
    pin::Pin,
    process::{ExitStatus, Output},
};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, Wait};

use super::status_lost::StatusLost;
use crate::descriptor::Leaf;

/// A leaf that reads both pipes of a child to their ends and waits for the child at the same time.
pub(super) struct CollectOutput<R, W> {
    stdout: Collected<R, Vec<u8>>,
    stderr: Collected<R, Vec<u8>>,
    /// This is an error only if the exit status is lost. The output of the child is kept even then.
    status: Collected<W, io::Result<ExitStatus>>,
}

/// The output of reading a pipe to its end.
pub(super) type ReadToEnd = (io::Result<usize>, Vec<u8>);

/// One of the three leaves, or its result.
enum Collected<L, T> {
    Waiting(L),
    Done(T),
    Taken,
}

impl<R: Leaf<ReadToEnd>, W: Leaf<io::Result<ExitStatus>>> CollectOutput<R, W> {
    /// Creates the leaf. A stream without a pipe has no output.
    pub(super) fn new(stdout: Option<R>, stderr: Option<R>, status: W) -> Self {
        let reading =
            |pipe: Option<R>| pipe.map_or(Collected::Done(Vec::new()), Collected::Waiting);
        let [stdout, stderr] = [stdout, stderr].map(reading);
        Self { stdout, stderr, status: Collected::Waiting(status) }
    }

    /// Resumes all parts, and returns the sum of what they wait for. Returns `None` when all are
    /// done.
    fn resume_all(&mut self, cx: &mut Context<'_>) -> io::Result<Option<Wait>> {
        let bytes = |(n, bytes): ReadToEnd| n.map(|_| bytes);
        let waits = [
            // This is the first, because it closes the child's standard input.
            self.status.resume(cx, |status| match status {
                Err(error) if !StatusLost::is(&error) => Err(error),
                status => Ok(status),
            })?,
            self.stdout.resume(cx, bytes)?,
            self.stderr.resume(cx, bytes)?,
        ];
        Ok(waits.into_iter().flatten().reduce(Wait::or))
    }
}

impl<L: Task + Unpin, T> Collected<L, T> {
    /// Resumes the leaf, and returns what it waits for. Stores its result when it is done.
    fn resume(
        &mut self,
        cx: &mut Context<'_>,
        to_result: impl FnOnce(L::Output) -> io::Result<T>,
    ) -> io::Result<Option<Wait>> {
        if let Collected::Waiting(leaf) = self {
            match Pin::new(leaf).resume(cx) {
                Step::Suspended(wait) => return Ok(Some(wait)),
                Step::Done(output) => *self = Collected::Done(to_result(output)?),
            }
        }
        Ok(None)
    }

    fn take(&mut self) -> T {
        match mem::replace(self, Collected::Taken) {
            Collected::Done(it) => it,
            Collected::Waiting(_) | Collected::Taken => panic!("{RESUMED_AFTER_DONE}"),
        }
    }
}

// No field is ever pinned.
impl<R, W> Unpin for CollectOutput<R, W> {}

impl<R: Leaf<ReadToEnd>, W: Leaf<io::Result<ExitStatus>>> Task for CollectOutput<R, W> {
    type Output = io::Result<Output>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match self.resume_all(cx) {
            Ok(Some(wait)) => Step::Suspended(wait),
            Ok(None) => {
                let [stdout, stderr] = [self.stdout.take(), self.stderr.take()];
                Step::Done(match self.status.take() {
                    Ok(status) => Ok(Output { status, stdout, stderr }),
                    Err(lost) => Err(StatusLost::with_output(lost, stdout, stderr)),
                })
            }
            Err(error) => Step::Done(Err(error)),
        }
    }
}

quadrivium_core::leaf! {
    impl[R, W] CollectOutput<R, W>;
}

impl<R, W> fmt::Debug for CollectOutput<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectOutput(..)")
    }
}
