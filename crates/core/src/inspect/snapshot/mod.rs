//! [`Tasks`]: what the tasks of a host do at one moment.
//!
//! A host copies its records into a snapshot, which is quick. The snapshot is then printed, or sent
//! to another thread, while the host goes on.

mod aligned;
mod cycle;
mod groups;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "json")]
mod json_text;
mod list;
mod table;
mod tasks;
mod text;
mod tree;
mod watched;
mod watched_info;

pub use cycle::Cycle;
#[cfg(feature = "json")]
pub use json::TasksJson;
#[cfg(feature = "json")]
pub use json_text::JsonText;
pub use list::TaskList;
pub use table::TaskTable;
pub use tasks::{
    EndInfo, ObjectInfo, TakenInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor,
};
pub use tree::TaskTree;
pub use watched::WatchedList;
pub use watched_info::WatchedInfo;
