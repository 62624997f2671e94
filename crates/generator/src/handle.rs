//! [`Co`]: what the body of a generator task is handed.

use std::{cell::Cell, fmt, pin::pin, rc::Rc};

use quadrivium_core::{Context, LocalWaker, Step, Task, Wait};

/// The handle to the running generator task, by which its body yields to the loop.
pub struct Co {
    co: genawaiter::rc::Co<Wait, Resume>,
    waker: LocalWaker,
    has_yielded: Rc<Cell<bool>>,
}

/// What a generator is resumed with: its waker.
pub(crate) struct Resume {
    waker: LocalWaker,
}

impl Resume {
    pub(crate) fn new(cx: &Context<'_>) -> Self {
        Self { waker: cx.local_waker() }
    }
}

impl Co {
    pub(crate) fn new(
        co: genawaiter::rc::Co<Wait, Resume>,
        waker: LocalWaker,
        has_yielded: Rc<Cell<bool>>,
    ) -> Self {
        Self { co, waker, has_yielded }
    }

    /// Runs a task of any style to its end, yielding to the loop whenever it suspends; worth its
    /// output.
    pub async fn perform<P: Task>(&mut self, task: P) -> P::Output {
        let mut task = pin!(task);
        loop {
            match task.as_mut().resume(&mut Context::new(self.waker.as_waker())) {
                Step::Done(output) => return output,
                Step::Suspended(wait) => {
                    // genawaiter would lose the first wait in release builds.
                    assert!(
                        !self.has_yielded.replace(true),
                        "a generator yielded twice in one resume: \
                         `.await` each `co.perform(..)` to its end instead of polling it"
                    );
                    self.waker = self.co.yield_(wait).await.waker;
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
