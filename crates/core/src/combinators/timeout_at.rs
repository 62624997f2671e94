//! [`timeout_at`]: gives a task a time by which it must be done.

use std::{pin::Pin, time::Instant};

use pin_project_lite::pin_project;

use crate::{Context, Either, Elapsed, Race, Sleep, Step, Task, race, sleep_until};

/// Runs a task of any style until `deadline` at the latest. Several tasks may share one deadline.
///
/// It is like [`timeout`](crate::timeout) otherwise. The error has the duration that the task had,
/// from the first resume to the deadline. A task whose deadline has passed already is resumed all
/// the same. It is dropped in the next turn, unless it is done by then.
///
/// ```
/// use quadrivium::{prelude::*, time::{now, timeout_at}};
/// use std::time::Duration;
///
/// let program = future(async {
///     let deadline = now() + Duration::from_secs(3);
///     let first = timeout_at(deadline, sleep(Duration::from_secs(2))).await;
///     let second = timeout_at(deadline, sleep(Duration::from_secs(2))).await;
///     (first.is_ok(), second.unwrap_err().after)
/// });
/// let (first, second_had) = EventLoop::with_virtual_clock()?.block_on(program)?;
/// assert_eq!((first, second_had), (true, Duration::from_secs(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn timeout_at<T: Task>(deadline: Instant, task: T) -> TimeoutAt<T> {
    TimeoutAt { race: race(task, sleep_until(deadline)), deadline, began: None }
}

pin_project! {
    /// A task with a deadline that cancels it. It contains the task in place. Made by
    /// [`timeout_at`].
    #[derive(Debug)]
    #[must_use = "a task is lazy: perform it"]
    pub struct TimeoutAt<T> {
        #[pin]
        race: Race<T, Sleep>,
        deadline: Instant,
        // The time of the first resume.
        began: Option<Instant>,
    }
}

impl<T: Task> Task for TimeoutAt<T> {
    type Output = Result<T::Output, Elapsed>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = self.project();
        let began = *this.began.get_or_insert_with(|| cx.now());
        match this.race.resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(Either::Left(output)) => Step::Done(Ok(output)),
            Step::Done(Either::Right(())) => {
                Step::Done(Err(Elapsed { after: this.deadline.saturating_duration_since(began) }))
            }
        }
    }
}
