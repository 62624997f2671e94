//! [`join_all`]: makes one task of many. It is done when all of them are done.

use std::{fmt, pin::Pin};

use crate::{Context, Step, Task, Wait};

/// Runs any number of tasks of one type side by side. The output is a `Vec` of their outputs, in
/// the same order.
pub fn join_all<T: Task>(tasks: impl IntoIterator<Item = T>) -> JoinAll<T> {
    JoinAll { parts: tasks.into_iter().map(|task| JoinPart::Running(Box::pin(task))).collect() }
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

impl<T: Task> fmt::Debug for JoinPart<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinPart::Running(_) => "Running",
            JoinPart::Done(_) => "Done",
            JoinPart::Taken => "Taken",
        })
    }
}
