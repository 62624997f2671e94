//! [`WatchedInfo`]: what is known about a task only while its host is watched.

use std::time::Duration;

use super::tasks::TaskRef;

/// What is known about a task only while its host is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedInfo {
    /// How long the task has waited since its last step. For a task that does not wait, the time
    /// since that step began.
    pub since: Duration,
    /// The number of its steps.
    pub steps: u64,
    /// The time that its longest step took. A step that has not ended does not count.
    pub longest_step: Duration,
    /// The task that has spawned it. `None` if that was code outside of tasks.
    pub parent: Option<TaskRef>,
    /// Whether the host was watched when the task was spawned. If not, the parent is not known, and
    /// only the steps since then were counted.
    pub since_its_spawn: bool,
}
