//! How reports name tasks, objects and waits.

use std::{collections::HashSet, fmt, sync::Arc};

use super::{EndInfo, ObjectInfo, TaskInfo, TaskRef, TaskState, Tasks, WaitInfo, WaitedFor};
use crate::{
    host::Label,
    inspect::{LeafKind, ObjectKind},
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
            Self::Elsewhere => f.write_str("code outside of this host's tasks"),
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

/// What the leaf waits for, and which tasks have taken it.
impl fmt::Display for WaitInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.object) {
            (LeafKind::Outside, _) => f.write_str("a wake from outside")?,
            (kind, WaitedFor::Nothing) => kind.fmt(f)?,
            (kind, WaitedFor::Task(task)) => write!(f, "{kind} of {task}")?,
            (kind, WaitedFor::Descriptor(number)) => write!(f, "{kind} of descriptor {number}")?,
            (kind, WaitedFor::Object(object)) => {
                write!(f, "{kind} of {object}")?;
                let takers = object.taken.iter().map(|taken| taken.by.to_string());
                write_all(f, ", taken by", takers)?;
                let staller = object.stalled_by.iter().map(|taken| taken.by.to_string());
                write_all(f, ", stalled by", staller)?;
            }
        }
        match self.is_one_of_several {
            true => f.write_str(", and other waits"),
            false => Ok(()),
        }
    }
}

/// Writes these texts in one sentence, if there are any.
fn write_all(
    f: &mut fmt::Formatter<'_>,
    start: &str,
    texts: impl Iterator<Item = String>,
) -> fmt::Result {
    for (i, text) in texts.enumerate() {
        write!(f, "{} {text}", if i == 0 { start } else { " and" })?;
    }
    Ok(())
}

/// All that is known about an object, in a line.
pub(super) struct Details<'a>(pub(super) &'a ObjectInfo);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object = self.0;
        write!(f, "{object}: made at {}", object.made_at)?;
        let takers = object.taken.iter().map(|taken| format!("{} at {}", taken.by, taken.line));
        write_all(f, ", taken by", takers)?;
        let staller = object.stalled_by.iter();
        let staller = staller.map(|taken| format!("{} at {}", taken.by, taken.line));
        write_all(f, ", stalled by a leaf that is not resumed any more, of", staller)?;
        match object.kind {
            ObjectKind::Channel
            | ObjectKind::Oneshot
            | ObjectKind::Watch
            | ObjectKind::Broadcast => {
                write_end(f, &object.senders, "sender")?;
                write_end(f, &object.receivers, "receiver")
            }
            ObjectKind::Mutex
            | ObjectKind::Semaphore
            | ObjectKind::Notify
            | ObjectKind::Barrier
            | ObjectKind::Scope => Ok(()),
        }
    }
}

fn write_end(f: &mut fmt::Formatter<'_>, end: &EndInfo, noun: &str) -> fmt::Result {
    let plural = if end.count == 1 { "" } else { "s" };
    write!(f, ", {} {noun}{plural}", end.count)?;
    match &end.last_used_by {
        Some(task) => write!(f, " last used by {task}"),
        None => Ok(()),
    }
}

impl Tasks {
    /// Returns the objects that tasks wait for, in the order of the first task that does.
    pub(super) fn objects(&self) -> Vec<&ObjectInfo> {
        let mut objects: Vec<&Arc<ObjectInfo>> = Vec::new();
        let mut found = HashSet::new();
        for task in &self.tasks {
            if let TaskState::Waiting(WaitInfo { object: WaitedFor::Object(object), .. }) =
                &task.state
                && found.insert(Arc::as_ptr(object))
            {
                objects.push(object);
            }
        }
        objects.into_iter().map(|object| &**object).collect()
    }
}
