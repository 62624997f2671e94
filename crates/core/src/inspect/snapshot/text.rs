//! How reports name tasks, objects and waits.

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use super::{
    aligned::Aligned,
    tasks::{EndInfo, ObjectInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor},
};
use crate::{
    host::Label,
    inspect::{LeafKind, Side},
};

/// The number and the name of a task.
pub(super) struct ShortLabel<'a>(pub(super) &'a Label);

impl fmt::Display for ShortLabel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.id)?;
        match &self.0.name {
            Some(name) => write!(f, " {name:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id, None) => id.fmt(f),
            Self::Task(id, Some(name)) => write!(f, "{id} {name:?}"),
            Self::Ended => f.write_str("a task that has ended"),
            Self::Elsewhere => f.write_str("a task of another host"),
            Self::NoTask => f.write_str("code outside of tasks"),
        }
    }
}

/// The kind of the object, and its name or its number.
impl fmt::Display for ObjectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name:?}", self.kind),
            None => write!(f, "{} {}", self.kind, self.number),
        }
    }
}

/// What the task does, in a few words.
impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            TaskState::Ready => f.write_str("ready"),
            TaskState::Running => f.write_str("running"),
            TaskState::Waiting(wait) => wait.fmt(f),
        }
    }
}

/// What the leaf waits for, and which tasks have taken it.
impl fmt::Display for WaitInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.without_takers().fmt(f)?;
        let WaitedFor::Object(object) = &self.object else { return Ok(()) };
        for (i, taken) in object.taken.iter().enumerate() {
            write!(f, "{} {}", if i == 0 { ", taken by" } else { " and" }, taken.by)?;
        }
        Ok(())
    }
}

impl WaitInfo {
    /// Returns what the leaf waits for, to be printed.
    pub(super) fn without_takers(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.write(f))
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.object, self.deadline) {
            (LeafKind::Outside, _, None) => f.write_str("a wake from outside")?,
            (LeafKind::Outside, _, Some(left)) => write!(f, "a deadline in {}", Rounded(left))?,
            (LeafKind::Sleep, _, None) => f.write_str("sleep, which never ends")?,
            (LeafKind::Sleep, _, Some(left)) => {
                write!(f, "sleep, which ends in {}", Rounded(left))?;
            }
            (LeafKind::Tick, _, None) => f.write_str("tick, which never comes")?,
            (LeafKind::Tick, _, Some(left)) => write!(f, "tick, which comes in {}", Rounded(left))?,
            (kind, WaitedFor::Nothing, _) => write!(f, "{kind}")?,
            (kind, WaitedFor::Task(task), _) => write!(f, "{kind} of {task}")?,
            (kind, WaitedFor::Descriptor(number), _) => write!(f, "{kind} of descriptor {number}")?,
            (kind, WaitedFor::Parts(1), _) => write!(f, "{kind}, with 1 part left")?,
            (kind, WaitedFor::Parts(left), _) => write!(f, "{kind}, with {left} parts left")?,
            (kind, WaitedFor::Object(object), _) => write!(f, "{kind} of {object}")?,
        }
        match self.deadline {
            Some(left) if !self.kind.is_deadline() => {
                write!(f, ", or a deadline in {}", Rounded(left))
            }
            _ if self.is_one_of_several => f.write_str(", and other waits"),
            _ => Ok(()),
        }
    }
}

/// A duration that is rounded up to a precision that a reader can use.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = match self.0 {
            left if left < Duration::from_millis(1) => 1_000,
            _ => 1_000_000,
        };
        let units = self.0.as_nanos().div_ceil(precision);
        write!(f, "{:?}", Duration::from_nanos_u128(units * precision))
    }
}

impl LeafKind {
    /// Returns whether such a leaf waits for nothing but its deadline.
    fn is_deadline(self) -> bool {
        matches!(self, Self::Outside | Self::Sleep | Self::Tick)
    }

    /// Returns the ends of the channel whose tasks could end the wait of such a leaf.
    pub(super) fn other_side(self) -> Option<Side> {
        match self {
            Self::Recv | Self::Changed => Some(Side::Sending),
            Self::Send | Self::Closed => Some(Side::Receiving),
            _ => None,
        }
    }
}

impl ObjectInfo {
    /// Writes which tasks could end a wait: those that use the ends on this side of a channel, and
    /// those that have taken the object or stall its queue.
    pub(super) fn write_ends_and_takers(
        &self,
        lines: &mut Aligned,
        side: Option<Side>,
        indent: &str,
    ) {
        match side {
            Some(Side::Sending) => {
                lines.push(format!("{indent}{}", EndText(&self.senders, "sender")), None);
            }
            Some(Side::Receiving) => {
                lines.push(format!("{indent}{}", EndText(&self.receivers, "receiver")), None);
            }
            None => {}
        }
        for taken in &self.taken {
            lines.push(format!("{indent}taken by {}", taken.by), taken.line);
        }
        if let Some(first) = &self.stalled_by {
            lines.push(format!("{indent}its queue is stalled by {}", first.by), first.line);
        }
    }
}

/// The ends of a channel, and what they are called.
struct EndText<'a>(&'a EndInfo, &'static str);

impl fmt::Display for EndText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(end, noun) = self;
        match end.count {
            0 => write!(f, "no {noun}")?,
            1 => write!(f, "1 {noun}")?,
            count => write!(f, "{count} {noun}s")?,
        }
        match &end.last_used_by {
            Some(task) => write!(f, ", last used by {task}"),
            None if end.count == 0 => Ok(()),
            None => f.write_str(", which no task has used"),
        }
    }
}

impl Tasks {
    /// Returns the objects that tasks wait for, in the order of the first task that does. Each
    /// comes once for each side of it whose tasks could end a wait.
    pub(super) fn objects(&self) -> Vec<(&ObjectInfo, Option<Side>)> {
        let mut objects = Vec::new();
        let mut found = HashSet::new();
        for task in &self.tasks {
            if let TaskState::Waiting(WaitInfo { object: WaitedFor::Object(object), kind, .. }) =
                &task.state
                && found.insert((Arc::as_ptr(object), kind.other_side()))
            {
                objects.push((&**object, kind.other_side()));
            }
        }
        objects
    }
}
