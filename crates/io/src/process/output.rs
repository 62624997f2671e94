//! [`Gather`]: what a child writes until it ends.

use std::{fmt, future::IntoFuture, io, mem, pin::Pin};

use quadrivium_core::{Context, Perform, RESUMED_AFTER_DONE, Step, Task, Wait};

use super::{ExitStatus, Output, StatusLost};
use crate::descriptor::Leaf;

/// Reads both pipes of a child to their ends and waits for it, all at once.
pub(super) struct Gather<R, W> {
    stdout: Gathered<R, Vec<u8>>,
    stderr: Gathered<R, Vec<u8>>,
    /// An error only where how it ended is lost: what it wrote is not.
    status: Gathered<W, io::Result<ExitStatus>>,
}

/// What reading a pipe to its end is worth.
pub(super) type Read = (io::Result<usize>, Vec<u8>);

/// A part of it.
enum Gathered<L, T> {
    Waiting(L),
    Here(T),
    Given,
}

impl<R: Leaf<Read>, W: Leaf<io::Result<ExitStatus>>> Gather<R, W> {
    /// Where there is no pipe, nothing is written.
    pub(super) fn new(stdout: Option<R>, stderr: Option<R>, status: W) -> Self {
        let reading = |pipe: Option<R>| pipe.map_or(Gathered::Here(Vec::new()), Gathered::Waiting);
        let [stdout, stderr] = [stdout, stderr].map(reading);
        Self { stdout, stderr, status: Gathered::Waiting(status) }
    }

    /// Goes on with all parts; what they wait for, if any does.
    fn go_on(&mut self, cx: &mut Context<'_>) -> io::Result<Option<Wait>> {
        let bytes = |(n, bytes): Read| n.map(|_| bytes);
        let waits = [
            // First, as it closes the child's standard input.
            self.status.go_on(cx, |status| match status {
                Err(error) if !StatusLost::is(&error) => Err(error),
                told => Ok(told),
            })?,
            self.stdout.go_on(cx, bytes)?,
            self.stderr.go_on(cx, bytes)?,
        ];
        Ok(waits.into_iter().flatten().reduce(Wait::or))
    }
}

impl<L: Task + Unpin, T> Gathered<L, T> {
    /// Goes on with it; what it waits for, if it does.
    fn go_on(
        &mut self,
        cx: &mut Context<'_>,
        then: impl FnOnce(L::Output) -> io::Result<T>,
    ) -> io::Result<Option<Wait>> {
        if let Gathered::Waiting(leaf) = self {
            match Pin::new(leaf).resume(cx) {
                Step::Suspended(wait) => return Ok(Some(wait)),
                Step::Done(output) => *self = Gathered::Here(then(output)?),
            }
        }
        Ok(None)
    }

    fn give(&mut self) -> T {
        match mem::replace(self, Gathered::Given) {
            Gathered::Here(it) => it,
            Gathered::Waiting(_) | Gathered::Given => panic!("{RESUMED_AFTER_DONE}"),
        }
    }
}

// Nothing in it is ever pinned.
impl<R, W> Unpin for Gather<R, W> {}

impl<R: Leaf<Read>, W: Leaf<io::Result<ExitStatus>>> Task for Gather<R, W> {
    type Output = io::Result<Output>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match self.go_on(cx) {
            Ok(Some(wait)) => Step::Suspended(wait),
            Ok(None) => {
                let [stdout, stderr] = [self.stdout.give(), self.stderr.give()];
                Step::Done(match self.status.give() {
                    Ok(status) => Ok(Output { status, stdout, stderr }),
                    Err(lost) => Err(StatusLost::with_output(lost, stdout, stderr)),
                })
            }
            Err(error) => Step::Done(Err(error)),
        }
    }
}

impl<R, W> IntoFuture for Gather<R, W>
where
    Self: Task,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<R, W> fmt::Debug for Gather<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather(..)")
    }
}
