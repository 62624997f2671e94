//! [`Co`]: the handle by which the body of a generator performs other tasks and yields items.

use std::{
    cell::Cell,
    convert::Infallible,
    fmt,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{self, Poll},
};

use genawaiter::rc;
use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

/// The handle to the running generator. The body of the generator receives it.
///
/// With [`perform`](Co::perform) the body yields waits to the loop. With
/// [`yield_item`](Co::yield_item) the body of a [`stream`](crate::stream) or an
/// [`iter`](crate::iter) yields items of type `T`.
pub struct Co<T = Infallible> {
    raw_co: rc::Co<Yielded<T>>,
}

thread_local! {
    /// Whether the innermost generator that is being resumed on this thread has yielded in this
    /// resume.
    pub(crate) static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// The value that a generator yields. For a generator without items it is as large as a wait.
pub(crate) enum Yielded<T> {
    Wait(Wait),
    Item(T),
}

impl<T> Co<T> {
    pub(crate) fn new(raw_co: rc::Co<Yielded<T>>) -> Self {
        Self { raw_co }
    }

    /// Runs a task of any style to its end, and returns its output. Suspends whenever that task
    /// suspends.
    #[inline]
    #[track_caller]
    pub fn perform<P: Task>(&mut self, task: P) -> Performing<'_, P, T> {
        Performing { co: self, task, line: Location::caller() }
    }

    /// Yields an item to the caller of `next`, and continues when `next` is called again.
    pub fn yield_item(&mut self, item: T) -> YieldItem<'_, T> {
        YieldItem { co: self, item: Some(item) }
    }

    /// Sets the value that the generator yields as soon as its body returns `Pending`.
    #[inline]
    fn yield_now(&mut self, yielded: Yielded<T>) {
        // Without this check, genawaiter loses the first value in release builds.
        assert!(
            !HAS_YIELDED.replace(true),
            "a generator yielded twice in one resume: `.await` each `co.perform(..)` and \
             `co.yield_item(..)` to its end instead of polling it"
        );
        // genawaiter stores the value at once. The future that it returns would only wait to be
        // resumed, and `Performing` waits for that itself. To await this future, too, would cost
        // two more state machines.
        drop(self.raw_co.yield_(yielded));
    }
}

pin_project! {
    /// A sub-task that is being performed, to be awaited. Made by [`Co::perform`].
    #[must_use = "a task is lazy: await this"]
    pub struct Performing<'a, P, T = Infallible> {
        co: &'a mut Co<T>,
        #[pin]
        task: P,
        line: &'static Location<'static>,
    }
}

impl<P: Task, T> Future for Performing<'_, P, T> {
    type Output = P::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<P::Output> {
        let this = self.project();
        match this.task.resume(&mut Context::performed_at(this.line, cx.waker())) {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                this.co.yield_now(Yielded::Wait(wait));
                Poll::Pending
            }
        }
    }
}

/// An item that is being yielded, to be awaited. Made by [`Co::yield_item`].
#[must_use = "an item is yielded when this is awaited"]
pub struct YieldItem<'a, T> {
    co: &'a mut Co<T>,
    item: Option<T>,
}

// The item is moved out, never pinned.
impl<T> Unpin for YieldItem<'_, T> {}

impl<T> Future for YieldItem<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<()> {
        match self.item.take() {
            None => Poll::Ready(()),
            Some(item) => {
                self.co.yield_now(Yielded::Item(item));
                Poll::Pending
            }
        }
    }
}

impl<P, T> fmt::Debug for Performing<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performing").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Co<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Co").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for YieldItem<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YieldItem").finish_non_exhaustive()
    }
}
