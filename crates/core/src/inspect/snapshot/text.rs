//! How reports name tasks, objects and waits.

use std::fmt;

use super::{EndInfo, ObjectInfo, TaskInfo, TaskRef, TaskState, WaitInfo, WaitedFor};
use crate::{host::Label, inspect::LeafKind};

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
            Self::Elsewhere => f.write_str("code outside of this host's tasks"),
        }
    }
}

/// The kind and the name of the object, or the line that made it.
impl fmt::Display for ObjectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name:?}", self.kind),
            None => write!(f, "{} made at {}", self.kind, self.made_at),
        }
    }
}

/// What the task does, in a few words.
impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            TaskState::Ready => f.write_str("ready"),
            TaskState::Running => f.write_str("running"),
            TaskState::Waiting(wait) => {
                wait.fmt(f)?;
                match self.deadline {
                    Some(left) => write!(f, ", {left:?} left"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// What the leaf waits for, and which tasks could end the wait.
impl fmt::Display for WaitInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.object) {
            (LeafKind::Outside, _) => f.write_str("a wake from outside")?,
            (kind, WaitedFor::Nothing) => kind.fmt(f)?,
            (kind, WaitedFor::Task(task)) => write!(f, "{kind} of {task}")?,
            (kind, WaitedFor::Descriptor(number)) => write!(f, "{kind} of descriptor {number}")?,
            (kind, WaitedFor::Object(object)) => {
                write!(f, "{kind} of {object}")?;
                Ends { kind, object }.fmt(f)?;
                for (i, taken) in object.taken.iter().enumerate() {
                    let start = if i == 0 { ", taken by" } else { " and" };
                    write!(f, "{start} {} at {}", taken.by, taken.line)?;
                }
            }
        }
        match self.is_one_of_several {
            true => f.write_str(", and other waits"),
            false => Ok(()),
        }
    }
}

/// The ends of a channel that could end the wait of a leaf.
struct Ends<'a> {
    kind: LeafKind,
    object: &'a ObjectInfo,
}

impl fmt::Display for Ends<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ends, noun) = match self.kind {
            LeafKind::Recv | LeafKind::Changed => (&self.object.senders, "sender"),
            LeafKind::Send | LeafKind::Closed => (&self.object.receivers, "receiver"),
            _ => return Ok(()),
        };
        let EndInfo { count, last_used_by } = ends;
        let plural = if *count == 1 { "" } else { "s" };
        write!(f, " with {count} {noun}{plural}")?;
        match last_used_by {
            Some(task) => write!(f, ", last used by {task}"),
            None => Ok(()),
        }
    }
}
