//! [`perform`]: what the body of a future task calls; its handle is the poll it is in.

use std::pin::pin;

use quadrivium_core::{Perform, Task};

/// Runs a task of any style to its end, suspending whenever it does; worth its output.
///
/// On a leaf, `.await` alone does the same.
pub async fn perform<P: Task>(task: P) -> P::Output {
    let task = pin!(task);
    Perform::new(task).await
}
