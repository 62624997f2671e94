//! [`max_step`]: a check that no step of a task takes long.

use std::{fmt, panic::Location, pin::Pin, time::Duration};

use quadrivium_core::{Context, Step, Task};

/// Checks that no step of a task takes longer than `most` on the host's clock. On a virtual clock
/// only [`block_for`](quadrivium_core::block_for) takes any time.
///
/// ```
/// use quadrivium::{prelude::*, test::max_step};
/// use std::time::Duration;
///
/// let millisecond = Duration::from_millis(1);
/// let waits = max_step(millisecond, sleep(Duration::from_secs(1)));
/// EventLoop::with_virtual_clock()?.block_on(waits)?; // Waiting is not part of a step.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// The check panics after a step that took longer.
#[track_caller]
pub fn max_step<T: Task>(most: Duration, task: T) -> MaxStep<T> {
    MaxStep { task: Box::pin(task), most, checked_at: Location::caller() }
}

/// A task none of whose steps takes long. Made by [`max_step`].
#[must_use = "a task is lazy: perform it"]
pub struct MaxStep<T> {
    task: Pin<Box<T>>,
    most: Duration,
    checked_at: &'static Location<'static>,
}

impl<T: Task> Task for MaxStep<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let before = cx.now();
        let step = self.task.as_mut().resume(cx);
        let took = cx.now() - before;
        assert!(
            took <= self.most,
            "max_step at {}: a step took {took:?} where {:?} is allowed, and no other task could \
             run meanwhile; perform turn() in the middle of long work, or move it to a thread with \
             offload",
            self.checked_at,
            self.most
        );
        step
    }
}

impl<T> fmt::Debug for MaxStep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaxStep").field("most", &self.most).finish_non_exhaustive()
    }
}
