//! [`LazyChild`]: a leaf that starts its child when the leaf is resumed for the first time.

use std::{fmt, io, mem, panic::Location, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, inspect::noted_at};

/// A leaf that calls `start` when it is resumed for the first time, and then resumes the leaf that
/// `start` has returned.
pub(super) struct LazyChild<F, L> {
    state: State<F, L>,
    line: &'static Location<'static>,
}

enum State<F, L> {
    Lazy(F),
    Started(L),
    Done,
}

impl<F, L> LazyChild<F, L>
where
    F: FnOnce() -> io::Result<L>,
{
    #[track_caller]
    pub(super) fn new(start: F) -> Self {
        Self { state: State::Lazy(start), line: Location::caller() }
    }
}

impl<F, L, T> Task for LazyChild<F, L>
where
    F: FnOnce() -> io::Result<L>,
    L: Task<Output = io::Result<T>> + Unpin,
{
    type Output = io::Result<T>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let started = match mem::replace(&mut self.state, State::Done) {
            State::Lazy(start) => start(),
            State::Started(leaf) => Ok(leaf),
            State::Done => panic!("{RESUMED_AFTER_DONE}"),
        };
        let mut leaf = match started {
            Ok(leaf) => leaf,
            Err(error) => return Step::Done(Err(error)),
        };
        let step = noted_at(self.line, || Pin::new(&mut leaf).resume(cx));
        if let Step::Suspended(_) = step {
            self.state = State::Started(leaf);
        }
        step
    }
}

// No field is ever pinned.
impl<F, L> Unpin for LazyChild<F, L> {}

quadrivium_core::leaf! {
    impl[F, L] LazyChild<F, L>;
}

impl<F, L> fmt::Debug for LazyChild<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(_) => "LazyChild(lazy)",
            State::Started(_) => "LazyChild(started)",
            State::Done => "LazyChild(done)",
        })
    }
}
