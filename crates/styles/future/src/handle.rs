//! [`perform`]: the function by which the body of a future task performs other tasks. It needs no
//! handle to the task, because the waits of a future reach the task through a thread-local.

use quadrivium_core::{Perform, PerformedAt, Task};

/// Runs a task of any style to its end, and returns its output. Suspends whenever that task
/// suspends.
///
/// For a leaf or a combinator, `.await` alone does the same.
#[track_caller]
pub fn perform<P: Task>(task: P) -> Perform<PerformedAt<P>> {
    Perform::new(PerformedAt::here(task))
}
