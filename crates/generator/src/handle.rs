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
    shared: Rc<Shared>,
}

/// What a generator task and its body share.
pub(crate) struct Shared {
    /// The task renews it, the body resumes sub-tasks with it.
    pub(crate) waker: RefCell<LocalWaker>,
    /// Whether the body has yielded since it was resumed.
    pub(crate) has_yielded: Cell<bool>,
}

impl Co {
    pub(crate) fn new(co: genawaiter::rc::Co<Wait>, shared: Rc<Shared>) -> Self {
        Self { co, shared }
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
        // genawaiter would lose the first wait in release builds.
        assert!(
            !self.shared.has_yielded.replace(true),
            "a generator yielded twice in one resume: \
             `.await` each `co.perform(..)` to its end instead of polling it"
        );
        // genawaiter puts the value into its airlock at once. The future it returns would only wait
        // to be resumed, which is what `Performing` does itself: awaiting it costs two more state
        // machines.
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
        let step = this.task.resume(&mut Context::new(this.co.shared.waker.borrow().as_waker()));
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
