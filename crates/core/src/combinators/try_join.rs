//! [`try_join`]: makes one task of two that may fail. The first error ends it.

use std::{fmt, pin::Pin};

use pin_project_lite::pin_project;

use super::join::JoinPart;
use crate::{Context, RESUMED_AFTER_DONE, Step, Task, Wait};

/// Runs two tasks, of any styles, side by side until both are done or the first of them fails. The
/// output is a pair of both values, or the error.
///
/// After an error, the other task is dropped, and its destructors have run, before the error is
/// returned. Its value is dropped too, if it was done before. If both tasks fail at once, the error
/// of `a` is returned, and `b` is not resumed any more.
///
/// ```
/// use quadrivium::prelude::*;
/// use std::time::Duration;
///
/// let fails = future(async {
///     sleep(Duration::from_secs(1)).await;
///     Err::<(), _>("no answer")
/// });
/// let takes_long = future(async {
///     sleep(Duration::from_secs(60)).await;
///     Ok(42)
/// });
/// let mut event_loop = EventLoop::with_virtual_clock()?;
/// assert_eq!(event_loop.block_on(try_join(fails, takes_long))?, Err("no answer"));
/// assert_eq!(event_loop.elapsed(), Duration::from_secs(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[track_caller]
pub fn try_join<A, B, X, Y, E>(a: A, b: B) -> TryJoin<A, B>
where
    A: Task<Output = Result<X, E>>,
    B: Task<Output = Result<Y, E>>,
{
    let (a, b) = (JoinPart::Running { task: a }, JoinPart::Running { task: b });
    TryJoin { parts: Some(TryJoinParts { a, b }) }
}

pin_project! {
    /// Two tasks side by side that may fail. It contains them in place. Made by [`try_join`].
    #[must_use = "a task is lazy: perform it"]
    pub struct TryJoin<A: Task, B: Task> {
        // `None` when it is done.
        #[pin]
        parts: Option<TryJoinParts<A, B>>,
    }
}

pin_project! {
    struct TryJoinParts<A: Task, B: Task> {
        #[pin]
        a: JoinPart<A>,
        #[pin]
        b: JoinPart<B>,
    }
}

impl<A, B, X, Y, E> Task for TryJoin<A, B>
where
    A: Task<Output = Result<X, E>>,
    B: Task<Output = Result<Y, E>>,
{
    type Output = Result<(X, Y), E>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let mut this = self.project();
        let parts = this.parts.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE);
        let ended = match parts.resume(cx) {
            Ok(Some(wait)) => return Step::Suspended(wait),
            Ok(None) => {
                let parts = this.parts.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE).project();
                (parts.a.take()).and_then(|x| parts.b.take().map(|y| (x, y)))
            }
            Err(error) => Err(error),
        };
        this.parts.set(None);
        Step::Done(ended)
    }
}

impl<A, B, X, Y, E> TryJoinParts<A, B>
where
    A: Task<Output = Result<X, E>>,
    B: Task<Output = Result<Y, E>>,
{
    /// Resumes the parts that are not done. Returns their wait, or `None` when both are done.
    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Result<Option<Wait>, E> {
        let mut this = self.project();
        let a = this.a.as_mut().resume(cx);
        this.a.take_error()?;
        let b = this.b.as_mut().resume(cx);
        this.b.take_error()?;
        Ok(match (a, b) {
            (Some(a), Some(b)) => Some(a.or(b)),
            (a, b) => a.or(b),
        })
    }
}

impl<T: Task<Output = Result<X, E>>, X, E> JoinPart<T> {
    /// Takes the output, if the part has failed.
    fn take_error(self: Pin<&mut Self>) -> Result<(), E> {
        match *self {
            JoinPart::Done { output: Err(_) } => self.take().map(drop),
            JoinPart::Running { .. } | JoinPart::Done { output: Ok(_) } | JoinPart::Taken => Ok(()),
        }
    }
}

impl<A: Task, B: Task> fmt::Debug for TryJoin<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryJoin").field("is_done", &self.parts.is_none()).finish()
    }
}
