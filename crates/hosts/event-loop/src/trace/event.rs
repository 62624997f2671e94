//! [`Event`]: one thing that happened to a task.

use std::{fmt, sync::Arc, time::Duration};

use quadrivium_core::host::TaskId;

/// One thing that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When it happened: the time since the making of the loop, on the loop's clock.
    pub at: Duration,
    /// The task.
    pub task: TaskId,
    /// The task's name, if it was spawned with one.
    pub name: Option<Arc<str>>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The task was handed to the loop, by this task or by code outside of tasks.
    Spawned(Option<TaskId>),
    /// The task is being resumed.
    Resumed,
    /// The task has suspended, and waits for this.
    Suspended(Waiting),
    /// The task was made ready.
    Woken(By),
    /// The schedule delays the task by this time before it becomes ready.
    Delayed(Duration),
    /// The task has returned its output.
    Done,
    /// The task was cancelled, and its destructors have run.
    Cancelled,
    /// The body of the task, or one of its destructors, panicked.
    Panicked,
}

/// What a suspended task waits for; deadlines are counted from the making of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// For the other tasks to run.
    Turn,
    /// For a deadline.
    Until(Duration),
    /// For a source, such as a socket, to become ready.
    Ready,
    /// For a wake.
    Wake,
}

/// What made a task ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Its deadline.
    Timer,
    /// A source, such as a socket, that has become ready.
    Reactor,
    /// This task, which had the waker.
    Task(TaskId),
    /// Code outside the loop's turn: another thread, or the code that runs the loop.
    Outside,
    /// The schedule, although nothing has happened that the task waits for.
    Fault,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.at, self.task)?;
        if let Some(name) = &self.name {
            write!(f, " {name:?}")?;
        }
        write!(f, " {}", self.kind)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventKind::Spawned(None) => f.write_str("spawned"),
            EventKind::Spawned(Some(parent)) => write!(f, "spawned by {parent}"),
            EventKind::Resumed => f.write_str("resumed"),
            EventKind::Suspended(Waiting::Turn) => f.write_str("suspended for a turn"),
            EventKind::Suspended(Waiting::Until(at)) => write!(f, "suspended until {at:?}"),
            EventKind::Suspended(Waiting::Ready) => f.write_str("suspended until ready"),
            EventKind::Suspended(Waiting::Wake) => f.write_str("suspended until woken"),
            EventKind::Woken(By::Timer) => f.write_str("woken by its deadline"),
            EventKind::Woken(By::Reactor) => f.write_str("woken by the reactor"),
            EventKind::Woken(By::Task(task)) => write!(f, "woken by {task}"),
            EventKind::Woken(By::Outside) => f.write_str("woken from outside"),
            EventKind::Woken(By::Fault) => f.write_str("woken for no reason"),
            EventKind::Delayed(delay) => write!(f, "delayed by {delay:?}"),
            EventKind::Done => f.write_str("done"),
            EventKind::Cancelled => f.write_str("cancelled"),
            EventKind::Panicked => f.write_str("panicked"),
        }
    }
}
