//! [`join`] and [`join_all`]: make one task of several. It is done when all of them are done.

use std::pin::Pin;

use crate::{Context, Step, Task, Wait};

/// Runs two tasks, of any styles, side by side. The output is a pair of both outputs.
///
/// Each part is boxed (one allocation), because it must not move. A resume resumes every part that
/// is not done. That suits a few tasks. If there are many, spawn them and join the handles.
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
    Join { a: JoinPart::Running(Box::pin(a)), b: JoinPart::Running(Box::pin(b)) }
}

/// Runs any number of tasks of one type side by side. The output is a `Vec` of their outputs, in
/// the same order.
pub fn join_all<T: Task>(tasks: impl IntoIterator<Item = T>) -> JoinAll<T> {
    JoinAll { parts: tasks.into_iter().map(|task| JoinPart::Running(Box::pin(task))).collect() }
}

/// Two tasks side by side. Made by [`join`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Join<A: Task, B: Task> {
    a: JoinPart<A>,
    b: JoinPart<B>,
}

/// Many tasks side by side. Made by [`join_all`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct JoinAll<T: Task> {
    parts: Vec<JoinPart<T>>,
}

enum JoinPart<T: Task> {
    Running(Pin<Box<T>>),
    Done(T::Output),
    Taken,
}

// A running task is in a box of its own. An output is moved out, never pinned.
impl<A: Task, B: Task> Unpin for Join<A, B> {}
impl<T: Task> Unpin for JoinAll<T> {}

impl<T: Task> JoinPart<T> {
    /// Resumes the part unless it is done. Returns its wait, or `None` when it is done.
    fn resume(&mut self, cx: &mut Context<'_>) -> Option<Wait> {
        let JoinPart::Running(task) = self else { return None };
        match task.as_mut().resume(cx) {
            Step::Suspended(wait) => Some(wait),
            Step::Done(output) => {
                *self = JoinPart::Done(output);
                None
            }
        }
    }

    fn take(&mut self) -> T::Output {
        match std::mem::replace(self, JoinPart::Taken) {
            JoinPart::Done(output) => output,
            JoinPart::Running(_) | JoinPart::Taken => panic!("{}", crate::RESUMED_AFTER_DONE),
        }
    }
}

impl<A: Task, B: Task> Task for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match (self.a.resume(cx), self.b.resume(cx)) {
            (None, None) => Step::Done((self.a.take(), self.b.take())),
            (Some(wait), None) | (None, Some(wait)) => Step::Suspended(wait),
            (Some(a), Some(b)) => Step::Suspended(a.or(b)),
        }
    }
}

impl<T: Task> Task for JoinAll<T> {
    type Output = Vec<T::Output>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let waits = self.parts.iter_mut().filter_map(|part| part.resume(cx));
        match waits.reduce(Wait::or) {
            Some(wait) => Step::Suspended(wait),
            None => Step::Done(self.parts.iter_mut().map(JoinPart::take).collect()),
        }
    }
}

impl<T: Task> std::fmt::Debug for JoinPart<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            JoinPart::Running(_) => "Running",
            JoinPart::Done(_) => "Done",
            JoinPart::Taken => "Taken",
        })
    }
}
