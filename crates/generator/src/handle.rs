//! [`Co`]: what the body of a generator task is handed.

use std::{
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{self, Poll},
};

use pin_project_lite::pin_project;
use quadrivium_core::{Context, LocalWaker, Step, Task, Wait};

/// The handle to the running generator task, by which its body yields to the loop.
pub struct Co {
    co: genawaiter::rc::Co<Wait>,
    waker: SharedWaker,
}

/// The waker of a generator: its task renews it, its body resumes sub-tasks with it.
pub(crate) type SharedWaker = Rc<RefCell<LocalWaker>>;

thread_local! {
    /// Whether the generator that is being resumed on this thread has yielded.
    static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the generator that has just come back has yielded.
#[inline]
pub(crate) fn has_yielded() -> bool {
    HAS_YIELDED.take()
}

impl Co {
    pub(crate) fn new(co: genawaiter::rc::Co<Wait>, waker: SharedWaker) -> Self {
        Self { co, waker }
    }

    /// Runs a task of any style to its end, yielding to the loop whenever it suspends; worth its
    /// output.
    #[inline]
    pub fn perform<P: Task>(&mut self, task: P) -> Performing<'_, P> {
        Performing { co: self, task }
    }

    /// Makes the wait what the generator yields, as soon as it comes back.
    #[inline]
    fn yield_to_loop(&mut self, wait: Wait) {
        HAS_YIELDED.set(true);
        // genawaiter puts the value into its airlock at once. The future it returns would only wait to
        // be resumed, which is what `Performing` does itself: awaiting it costs two more state machines.
        drop(self.co.yield_(wait));
    }
}

pin_project! {
    /// A sub-task being performed. Made by [`Co::perform`]; await it.
    #[must_use = "a task is lazy: await this"]
    pub struct Performing<'a, P> {
        co: &'a mut Co,
        #[pin]
        task: P,
    }
}

impl<P: Task> Future for Performing<'_, P> {
    type Output = P::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<P::Output> {
        let this = self.project();
        let step = this.task.resume(&mut Context::new(this.co.waker.borrow().as_waker()));
        match step {
            Step::Done(output) => Poll::Ready(output),
            Step::Suspended(wait) => {
                this.co.yield_to_loop(wait);
                Poll::Pending
            }
        }
    }
}

impl<P> fmt::Debug for Performing<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Performing").finish_non_exhaustive()
    }
}

impl fmt::Debug for Co {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Co").finish_non_exhaustive()
    }
}
