//! [`join`]: makes one task of two. It is done when both of them are done.

use std::{fmt, pin::Pin};

use pin_project_lite::pin_project;

use crate::{Context, Step, Task, Wait};

/// Runs two tasks, of any styles, side by side. The output is a pair of both outputs.
///
/// ```
/// use quadrivium_core::{join, turn};
/// # use quadrivium_core::{Context, Step, Task, Wait};
/// # use std::{pin::pin, task::Waker};
/// let mut both = pin!(join(turn(), turn()));
/// # let mut cx = Context::new(Waker::noop());
/// assert!(matches!(both.as_mut().resume(&mut cx), Step::Suspended(Wait::Turn)));
/// assert!(matches!(both.as_mut().resume(&mut cx), Step::Done(((), ()))));
/// ```
pub fn join<A: Task, B: Task>(a: A, b: B) -> Join<A, B> {
    Join { a: JoinPart::Running { task: a }, b: JoinPart::Running { task: b } }
}

pin_project! {
    /// Two tasks side by side, which it contains in place. Made by [`join`].
    #[derive(Debug)]
    #[must_use = "a task is lazy: perform it"]
    pub struct Join<A: Task, B: Task> {
        #[pin]
        a: JoinPart<A>,
        #[pin]
        b: JoinPart<B>,
    }
}

pin_project! {
    #[project = PinnedPart]
    #[project_replace = TakenPart]
    pub(super) enum JoinPart<T: Task> {
        Running {
            #[pin]
            task: T,
        },
        Done {
            output: T::Output,
        },
        Taken,
    }
}

impl<T: Task> JoinPart<T> {
    /// Resumes the part unless it is done. Returns its wait, or `None` when it is done.
    pub(super) fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Wait> {
        let PinnedPart::Running { task } = self.as_mut().project() else { return None };
        match task.resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(output) => {
                self.set(JoinPart::Done { output });
                None
            }
        }
    }

    pub(super) fn take(self: Pin<&mut Self>) -> T::Output {
        match self.project_replace(JoinPart::Taken) {
            TakenPart::Done { output } => output,
            TakenPart::Running { .. } | TakenPart::Taken => panic!("{}", crate::RESUMED_AFTER_DONE),
        }
    }
}

impl<A: Task, B: Task> Task for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let mut this = self.project();
        match (this.a.as_mut().resume(cx), this.b.as_mut().resume(cx)) {
            (None, None) => Step::Done((this.a.take(), this.b.take())),
            (Some(wait), None) | (None, Some(wait)) => Step::Suspended(wait),
            (Some(a), Some(b)) => Step::Suspended(a.or(b)),
        }
    }
}

impl<T: Task> fmt::Debug for JoinPart<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinPart::Running { .. } => "Running",
            JoinPart::Done { .. } => "Done",
            JoinPart::Taken => "Taken",
        })
    }
}
