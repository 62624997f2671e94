//! [`timeout`]: gives a task a duration in which it must be done.

use std::{error::Error, fmt, pin::Pin, time::Duration};

use pin_project_lite::pin_project;

use crate::{Context, Either, Race, Sleep, Step, Task, race, sleep};

/// Runs a task of any style for at most `duration`, counted from the first resume.
///
/// When the time is up, the task is dropped, its destructors run, and the output is `Err(Elapsed)`.
/// If the task is done in the very step in which the time is up, its output counts.
#[track_caller]
pub fn timeout<T: Task>(duration: Duration, task: T) -> Timeout<T> {
    Timeout { race: race(task, sleep(duration)), duration }
}

pin_project! {
    /// A task with a deadline that cancels it. It contains the task in place, so it needs no
    /// allocation. Made by [`timeout`].
    #[derive(Debug)]
    #[must_use = "a task is lazy: perform it"]
    pub struct Timeout<T> {
        #[pin]
        race: Race<T, Sleep>,
        duration: Duration,
    }
}

impl<T: Task> Task for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    #[inline]
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = self.project();
        match this.race.resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Either::Left(output)) => Step::Done(Ok(output)),
            Step::Done(Either::Right(())) => Step::Done(Err(Elapsed { after: *this.duration })),
        }
    }
}

/// The error of a [`timeout`]: the time was up before the task was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// The duration that the task had.
    pub after: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the task was not done within {:?}", self.after)
    }
}

impl Error for Elapsed {}
