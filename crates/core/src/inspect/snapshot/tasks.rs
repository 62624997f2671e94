//! [`Tasks`]: what the tasks of a host do at one moment, and [`TaskInfo`]: what one of them does.

use std::{panic::Location, sync::Arc, time::Duration};

use super::watched_info::WatchedInfo;
use crate::{
    host::{Label, TaskId},
    inspect::{LeafKind, ObjectKind, Style},
};

/// What the tasks of a host do at one moment: a snapshot. Its `Display` is a [table](Tasks::table).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    /// The tasks, in the order in which they were spawned.
    pub tasks: Vec<TaskInfo>,
}

/// What one task does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskInfo {
    /// Its number, its name, and the line that spawned it.
    pub label: Label,
    /// The style in which it is written.
    pub style: Style,
    /// Whether it waits, and for what.
    pub state: TaskState,
    /// What is known only while the host is watched.
    pub watched: Option<WatchedInfo>,
}

/// Whether a task waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It is in the ready queue.
    Ready,
    /// It is being resumed.
    Running,
    /// It is suspended.
    Waiting(WaitInfo),
}

/// What a suspended task waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitInfo {
    /// The kind of the leaf that waits.
    pub kind: LeafKind,
    /// The line that made the leaf, if it is known.
    pub line: Option<&'static Location<'static>>,
    /// The object for which the leaf waits.
    pub object: WaitedFor,
    /// The time until the deadline of the task, on the clock of its host. It is the deadline of a
    /// sleep, or of a timeout around the leaf.
    pub deadline: Option<Duration>,
    /// Whether other leaves of the task wait, too. They are parts of a combinator, for example.
    pub is_one_of_several: bool,
}

/// The object for which a leaf waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitedFor {
    /// There is none, or it is not known.
    Nothing,
    /// The end of this task.
    Task(TaskRef),
    /// This descriptor.
    Descriptor(u32),
    /// This number of parts of a combinator.
    Parts(u32),
    /// A channel, a lock or another object that tasks share.
    Object(Arc<ObjectInfo>),
}

/// A channel, a lock or another object that tasks share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// What kind of object it is.
    pub kind: ObjectKind,
    /// Its number among the objects of its kind in this snapshot, counted from 1.
    pub number: usize,
    /// Its name, if it has one.
    pub name: Option<Box<str>>,
    /// The line that made it.
    pub made_at: &'static Location<'static>,
    /// The tasks that have taken it. Only locks and semaphores are taken.
    pub taken: Vec<TakenInfo>,
    /// The task that has the first place in the queue, if it does not resume the leaf that waits
    /// there. So no other task gets the object. This is known only while the host is watched.
    pub stalled_by: Option<TakenInfo>,
    /// The sending ends. Only channels have ends.
    pub senders: EndInfo,
    /// The receiving ends.
    pub receivers: EndInfo,
}

/// A task has taken a lock, permits of a semaphore, or a place in the queue of one of them. It may
/// have moved that to another task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenInfo {
    /// The task that took it.
    pub by: TaskRef,
    /// The line that made the leaf which took it.
    pub line: &'static Location<'static>,
}

/// The ends of one kind of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndInfo {
    /// The number of ends. A leaf counts as an end until it is done.
    pub count: usize,
    /// The task that used such an end last.
    pub last_used_by: Option<TaskRef>,
}

/// A task to which another one refers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskRef {
    /// A task of the same host that has not ended.
    Task(TaskId, Option<Arc<str>>),
    /// A task that has ended.
    Ended,
    /// A task of another host.
    Elsewhere,
    /// Code outside of tasks.
    NoTask,
}

impl Tasks {
    /// Returns the number of tasks.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Returns whether there is no task.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns the labels of the tasks.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.tasks.iter().map(|task| &task.label)
    }

    /// Returns the task with this number.
    pub fn get(&self, id: TaskId) -> Option<&TaskInfo> {
        self.tasks.binary_search_by_key(&id, |task| task.label.id).ok().map(|i| &self.tasks[i])
    }
}
