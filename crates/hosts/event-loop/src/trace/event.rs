//! [`Event`]: one thing that happened to a task.

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use quadrivium_core::{
    host::TaskId,
    inspect::{LeafKind, ObjectKind, ObjectNumber, Style},
};

/// One thing that happened to a task.
///
/// Its `Display` leaves out the style and the suspension, so that the same program has the same
/// lines in every style. [`detailed`](Event::detailed) shows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// When it happened: the time since the making of the loop, on the loop's clock.
    pub at: Duration,
    /// The task.
    pub task: TaskId,
    /// The task's name, if it was spawned with one.
    pub name: Option<Arc<str>>,
    /// The style in which the task is written.
    pub style: Style,
    /// What happened.
    pub kind: EventKind,
    /// Where the task has suspended. Other events have none.
    pub suspension: Option<Suspension>,
}

/// Where a task has suspended, and what it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Suspension {
    /// The leaf that waits. There is none if the task only lets other tasks run.
    pub leaf: Option<LeafKind>,
    /// The line that made the leaf, if it is known. For a task that only lets other tasks run, it
    /// is the line of the last [`turn`](quadrivium_core::turn) that was made in this step.
    pub line: Option<&'static Location<'static>>,
    /// The object for which the leaf waits, if it has one.
    pub object: Option<TracedObject>,
    /// The bytes of the task in the loop: its captures, and the variables of a future or a
    /// generator. The stack of a green thread and other allocations are not counted.
    pub bytes: usize,
}

/// The object for which a leaf waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TracedObject {
    /// The end of this task.
    Task(TaskId),
    /// The descriptor with this number.
    Descriptor(u32),
    /// A channel, a lock or another object that tasks share.
    Shared {
        /// What kind of object it is.
        kind: ObjectKind,
        /// Its number among the objects of this thread.
        number: ObjectNumber,
        /// Its name, if it has one.
        name: Option<Arc<str>>,
        /// The line that made it.
        made_at: &'static Location<'static>,
    },
}

/// An event with its style and its suspension. Made by [`Event::detailed`].
#[derive(Clone, Copy, Debug)]
pub struct Detailed<'a>(&'a Event);

impl Event {
    /// Returns the event with its style and its suspension, for printing.
    pub fn detailed(&self) -> Detailed<'_> {
        Detailed(self)
    }

    /// Returns the event without its style and its suspension. It is equal in every style.
    #[must_use]
    pub fn comparable(&self) -> Self {
        Self { style: Style::Other, suspension: None, ..self.clone() }
    }
}

impl fmt::Display for Detailed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.0.style)?;
        let Some(suspension) = &self.0.suspension else { return Ok(()) };
        if let Some(leaf) = suspension.leaf {
            write!(f, " in {leaf}")?;
        }
        if let Some(object) = &suspension.object {
            write!(f, " of {object}")?;
        }
        if let Some(line) = suspension.line {
            write!(f, " at {line}")?;
        }
        write!(f, ", keeps {} bytes", suspension.bytes)
    }
}

impl fmt::Display for TracedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => task.fmt(f),
            Self::Descriptor(number) => write!(f, "descriptor {number}"),
            Self::Shared { kind, name: Some(name), .. } => write!(f, "{kind} {name:?}"),
            Self::Shared { kind, made_at, .. } => write!(f, "the {kind} made at {made_at}"),
        }
    }
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
