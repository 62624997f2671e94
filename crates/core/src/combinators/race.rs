//! [`race`]: makes one task of two. It is done when the first of them is done.

use std::{fmt, pin::Pin};

use pin_project_lite::pin_project;

use crate::{Context, Step, Task};

/// Runs two tasks, of any styles, side by side until the first of them is done. The other one is
/// dropped, and its destructors have run, before the output is returned. If both are done at once,
/// `a` wins.
///
/// ```
/// use quadrivium_core::{Either, race, turn};
/// # use quadrivium_core::{Context, Step, Task, sync::oneshot};
/// # use std::{pin::pin, task::Waker};
/// let (sender, receiver) = oneshot::channel::<()>();
/// let mut first = pin!(race(receiver, turn()));
/// # let mut cx = Context::new(Waker::noop());
/// # assert!(matches!(first.as_mut().resume(&mut cx), Step::Suspended(_)));
/// assert!(matches!(first.as_mut().resume(&mut cx), Step::Done(Either::Right(()))));
/// assert!(sender.is_closed(), "the loser was dropped");
/// ```
pub fn race<A: Task, B: Task>(a: A, b: B) -> Race<A, B> {
    Race { parts: Some(RaceParts { a, b }) }
}

pin_project! {
    /// A race of two tasks, which it contains in place. Made by [`race`].
    #[must_use = "a task is lazy: perform it"]
    pub struct Race<A, B> {
        #[pin]
        parts: Option<RaceParts<A, B>>,
    }
}

pin_project! {
    struct RaceParts<A, B> {
        #[pin]
        a: A,
        #[pin]
        b: B,
    }
}

/// The output of the winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first task was done first.
    Left(A),
    /// The second task was done first.
    Right(B),
}

impl<A: Task, B: Task> Task for Race<A, B> {
    type Output = Either<A::Output, B::Output>;

    #[inline]
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let mut this = self.project();
        let parts = this.parts.as_mut().as_pin_mut().expect(crate::RESUMED_AFTER_DONE).project();
        let first = match parts.a.resume(cx) {
            Step::Done(output) => Either::Left(output),
            Step::Suspended(a) => match parts.b.resume(cx) {
                Step::Done(output) => Either::Right(output),
                Step::Suspended(b) => return Step::Suspended(a.or(b)),
            },
        };
        this.parts.set(None);
        Step::Done(first)
    }
}

impl<A, B> fmt::Debug for Race<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("is_done", &self.parts.is_none()).finish()
    }
}
