//! [`Gather`]: what a child writes until it ends; [`OrFailed`]: a leaf, or why there is none.

use std::{fmt, future::IntoFuture, io, mem, pin::Pin};

use quadrivium_core::{BoxTask, Context, Perform, RESUMED_AFTER_DONE, Step, Task, Wait};

use super::{ExitStatus, Output};
use crate::{operation::Leaf, pipe::PipeReader};

/// Reads both pipes of a child to their ends and waits for it, all at once.
pub(super) struct Gather<W> {
    stdout: Gathered<BoxTask<Read>, Vec<u8>>,
    stderr: Gathered<BoxTask<Read>, Vec<u8>>,
    status: Gathered<W, ExitStatus>,
}

/// What reading a pipe to its end is worth.
type Read = (io::Result<usize>, Vec<u8>);

/// A part of it.
enum Gathered<L, T> {
    Waiting(L),
    Here(T),
    Given,
}

impl<W: Leaf<io::Result<ExitStatus>>> Gather<W> {
    pub(super) fn new(stdout: Option<PipeReader>, stderr: Option<PipeReader>, status: W) -> Self {
        let [stdout, stderr] = [stdout, stderr].map(Gathered::reading);
        Self { stdout, stderr, status: Gathered::Waiting(status) }
    }

    /// Goes on with all parts; what they wait for, if any does.
    fn go_on(&mut self, cx: &mut Context<'_>) -> io::Result<Option<Wait>> {
        let bytes = |(n, bytes): Read| n.map(|_| bytes);
        let waits = [
            // First, as it closes the child's standard input.
            self.status.go_on(cx, |status| status)?,
            self.stdout.go_on(cx, bytes)?,
            self.stderr.go_on(cx, bytes)?,
        ];
        Ok(waits.into_iter().flatten().reduce(Wait::or))
    }
}

impl Gathered<BoxTask<Read>, Vec<u8>> {
    fn reading(pipe: Option<PipeReader>) -> Self {
        match pipe {
            Some(pipe) => Gathered::Waiting(Box::pin(pipe.read_to_end_owned(Vec::new()))),
            None => Gathered::Here(Vec::new()),
        }
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
impl<W> Unpin for Gather<W> {}

impl<W: Leaf<io::Result<ExitStatus>>> Task for Gather<W> {
    type Output = io::Result<Output>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match self.go_on(cx) {
            Ok(Some(wait)) => Step::Suspended(wait),
            Ok(None) => Step::Done(Ok(Output {
                status: self.status.give(),
                stdout: self.stdout.give(),
                stderr: self.stderr.give(),
            })),
            Err(error) => Step::Done(Err(error)),
        }
    }
}

impl<W> IntoFuture for Gather<W>
where
    Self: Task,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}

impl<W> fmt::Debug for Gather<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gather(..)")
    }
}

/// A leaf, or the error it is worth because it could not be made.
#[derive(Debug)]
pub(super) struct OrFailed<L> {
    leaf: Result<L, Option<io::Error>>,
}

impl<L> OrFailed<L> {
    pub(super) fn new(leaf: io::Result<L>) -> Self {
        Self { leaf: leaf.map_err(Some) }
    }
}

impl<L: Task<Output = io::Result<T>> + Unpin, T> Task for OrFailed<L> {
    type Output = io::Result<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match &mut self.leaf {
            Ok(leaf) => Pin::new(leaf).resume(cx),
            Err(error) => Step::Done(Err(error.take().expect(RESUMED_AFTER_DONE))),
        }
    }
}

impl<L> IntoFuture for OrFailed<L>
where
    Self: Task + Unpin,
{
    type Output = <Self as Task>::Output;
    type IntoFuture = Perform<Self>;

    fn into_future(self) -> Self::IntoFuture {
        Perform::new(self)
    }
}
