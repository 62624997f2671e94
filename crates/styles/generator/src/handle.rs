//! [`Co`]: what the body of a generator is handed.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{self, Poll, Waker},
};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, Step, Task, Wait};

use crate::threads::{OneThread, Threads};

/// The handle to the running generator, by which its body yields waits to the loop; and items of type
/// `T` to whoever asks for the next one, where that is a [`stream`](crate::stream) or an
/// [`iter`](crate::iter).
///
/// `Co` and `Co<T>` are those of generators that stay on their thread; [`send`](crate::send) has the
/// other.
pub struct Co<T = Infallible, K: Threads = OneThread> {
    handle: K::Handle<Yielded<T>>,
    shared: K,
}

/// What a generator yields. Without items it is as large as a wait.
pub(crate) enum Yielded<T> {
    Wait(Wait),
    Item(T),
}

impl<T, K: Threads> Co<T, K> {
    pub(crate) fn new(handle: K::Handle<Yielded<T>>, shared: K) -> Self {
        Self { handle, shared }
    }

    /// Runs a task of any style to its end, yielding to the loop whenever it suspends; worth its
    /// output.
    #[inline]
    pub fn perform<P: Task>(&mut self, task: P) -> Performing<'_, P, T, K> {
        Performing { co: self, task }
    }

    /// Makes this what the generator yields, as soon as it comes back.
    #[inline]
    fn yield_now(&mut self, yielded: Yielded<T>) {
        // genawaiter would lose the first one in release builds.
        assert!(
            !self.shared.note_yield(true),
            "a generator yielded twice in one resume: \
             `.await` each `co.perform(..)` and `co.yield_item(..)` to its end instead of polling it"
        );
        K::put(&self.handle, yielded);
    }
}

impl<T> Co<T> {
    /// Gives this item to whoever has asked for the next one; goes on when he asks again.
    pub fn yield_item(&mut self, item: T) -> YieldItem<'_, T> {
        YieldItem { co: self, item: Some(item) }
    }
}

pin_project! {
    /// A sub-task being performed. Made by [`Co::perform`]; await it.
    #[must_use = "a task is lazy: await this"]
    pub struct Performing<'a, P, T = Infallible, K: Threads = OneThread> {
        co: &'a mut Co<T, K>,
        #[pin]
        task: P,
    }
}

impl<P: Task, T, K: Threads> Future for Performing<'_, P, T, K> {
    type Output = P::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<P::Output> {
        let this = self.project();
        let resume = |waker: &Waker| this.task.resume(&mut Context::new(waker));
        match this.co.shared.with_waker(resume) {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                this.co.yield_now(Yielded::Wait(wait));
                Poll::Pending
            }
        }
    }
}

/// An item being yielded. Made by [`Co::yield_item`]; await it.
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

impl<P, T, K: Threads> fmt::Debug for Performing<'_, P, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performing").finish_non_exhaustive()
    }
}

impl<T, K: Threads> fmt::Debug for Co<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Co").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for YieldItem<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YieldItem").finish_non_exhaustive()
    }
}
