//! [`timeout`]: a task that must be done within a duration.

use std::{error::Error, fmt, pin::Pin, time::Duration};

use crate::{Context, Either, Race, Sleep, Step, Task, race, sleep};

/// Runs a task of any style for at most `duration`, counted from the first resume.
///
/// When time is up the task is dropped, its destructors included, and the output is `Err(Elapsed)`.
/// A task that is done in the very step in which time is up is done.
pub fn timeout<T: Task>(duration: Duration, task: T) -> Timeout<T> {
    Timeout { race: race(task, sleep(duration)), duration }
}

/// A task with a deadline that cancels it. Made by [`timeout`].
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Timeout<T: Task> {
    race: Race<T, Sleep>,
    duration: Duration,
}

impl<T: Task> Task for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        match Pin::new(&mut self.race).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Either::Left(output)) => Step::Done(Ok(output)),
            Step::Done(Either::Right(())) => Step::Done(Err(Elapsed { after: self.duration })),
        }
    }
}

/// Time was up before the task was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// How long it had.
    pub after: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not done within {:?}", self.after)
    }
}

impl Error for Elapsed {}
