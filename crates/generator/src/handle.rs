//! [`Co`]: what the body of a generator task is handed.

use std::{cell::Cell, fmt, pin::pin};

use quadrivium_core::{Context, LocalWaker, Step, Task, Wait};

/// The handle to the running generator task, by which its body yields to the loop.
pub struct Co {
    co: genawaiter::rc::Co<Wait, Resume>,
    waker: LocalWaker,
}

/// What a generator is resumed with: its waker, when that is another one than before.
pub(crate) type Resume = Option<LocalWaker>;

thread_local! {
    /// Whether the generator that is being resumed on this thread has yielded.
    static HAS_YIELDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether the generator that has just come back yielded, and had the right to.
#[inline]
pub(crate) fn has_yielded() -> bool {
    HAS_YIELDED.take()
}

impl Co {
    pub(crate) fn new(co: genawaiter::rc::Co<Wait, Resume>, waker: LocalWaker) -> Self {
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
                    if let Some(waker) = self.co.yield_(wait).await {
                        self.waker = waker;
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
