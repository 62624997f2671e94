//! [`Event`]: one thing that happened to a task.

use std::{fmt, sync::Arc, time::Duration};

use quadrivium_core::host::TaskId;

/// One thing that happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When, on the loop's clock, counted from the making of the loop.
    pub at: Duration,
    /// To which task.
    pub task: TaskId,
    /// Its name, when it was spawned with one.
    pub name: Option<Arc<str>>,
    /// What.
    pub kind: EventKind,
}

/// What happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// It was handed to the loop: by another task, or from outside.
    Spawned(Option<TaskId>),
    /// It runs.
    Resumed,
    /// It waits for this.
    Suspended(Waiting),
    /// It was made ready.
    Woken(By),
    /// The schedule keeps it so long from becoming ready.
    Delayed(Duration),
    /// It returned.
    Done,
    /// It was taken away; its destructors have run.
    Cancelled,
    /// Its body panicked, or a destructor of it.
    Panicked,
}

/// What a suspended task waits for; deadlines are counted from the making of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// For the others to run.
    Turn,
    /// For a deadline.
    Until(Duration),
    /// For a source, such as a socket, to become ready.
    Ready,
    /// For a wake.
    Wake,
}

/// Who made a task ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// Its deadline.
    Timer,
    /// A source, such as a socket, that has become ready.
    Reactor,
    /// A task that held its waker.
    Task(TaskId),
    /// Someone outside the loop's turn: another thread, or the code around the loop.
    Outside,
    /// The schedule, for no reason.
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
