//! [`Co`]: what the body of a generator task is handed.

use std::{cell::Cell, fmt, pin::pin};

use quadrivium_core::{Context, LocalWaker, Step, Task, Wait};

/// The handle to the running generator task, by which its body yields to the loop.
pub struct Co {
    co: genawaiter::rc::Co<Wait>,
    waker: LocalWaker,
}

thread_local! {
    /// Whether the generator that is being resumed on this thread has yielded.
    static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
    /// Whether it is resumed with another waker than before, and that waker.
    static HAS_NEW_WAKER: Cell<bool> = const { Cell::new(false) };
    static NEW_WAKER: Cell<Option<LocalWaker>> = const { Cell::new(None) };
}

/// Whether the generator that has just come back has yielded.
#[inline]
pub(crate) fn has_yielded() -> bool {
    HAS_YIELDED.take()
}

/// Gives the generator that is about to be resumed another waker than it has.
#[cold]
pub(crate) fn renew_waker(waker: LocalWaker) {
    NEW_WAKER.set(Some(waker));
    HAS_NEW_WAKER.set(true);
}

impl Co {
    pub(crate) fn new(co: genawaiter::rc::Co<Wait>, waker: LocalWaker) -> Self {
        Self { co, waker }
    }

    /// Runs a task of any style to its end, yielding to the loop whenever it suspends; worth its
    /// output.
    pub async fn perform<P: Task>(&mut self, task: P) -> P::Output {
        let mut task = pin!(task);
        loop {
            match task.as_mut().resume(&mut Context::new(self.waker.as_waker())) {
                Step::Done(output) => return output,
                Step::Suspended(wait) => {
                    HAS_YIELDED.set(true);
                    self.co.yield_(wait).await;
                    if HAS_NEW_WAKER.take() {
                        self.waker = NEW_WAKER.take().expect("a new waker is set before its flag");
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Co {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Co").finish_non_exhaustive()
    }
}
