//! The events of a trace as rows for readers.

use std::{collections::HashMap, fmt, panic::Location, sync::Arc};

use quadrivium::{
    event_loop::trace::{By, Event, EventKind, Suspension, TracedObject, Waiting},
    inspect::{LeafKind, TaskId},
};

use super::objects::SeenObjects;

/// One event.
#[derive(Debug, Default)]
pub struct Row {
    /// Empty if the event above has the same time.
    pub time: String,
    pub task: String,
    pub event: String,
    /// Where the task has suspended.
    pub line: String,
}

/// Returns a row for each event, and lines about the objects that tasks have waited for.
pub fn rows(events: &[Event]) -> (Vec<Row>, String) {
    let mut reader = Reader::default();
    let mut rows = Vec::new();
    let mut before = None;
    for event in events {
        let is_new = before.replace(event.at) != Some(event.at);
        let time = if is_new { format!("{:?}", event.at) } else { String::new() };
        rows.push(Row { time, ..reader.row(event) });
    }
    (rows, reader.objects.lines())
}

/// Returns a line of a source file, as printed in the trace. The programs are in `examples/`.
pub fn place(line: &Location<'_>) -> String {
    let line = line.to_string();
    line.strip_prefix("examples/").map(str::to_owned).unwrap_or(line)
}

/// Knows the tasks and objects that earlier events have named.
#[derive(Default)]
struct Reader {
    names: HashMap<TaskId, Arc<str>>,
    objects: SeenObjects,
}

impl Reader {
    fn row(&mut self, event: &Event) -> Row {
        if let Some(name) = &event.name {
            self.names.insert(event.task, Arc::clone(name));
        }
        let line = event.suspension.as_ref().and_then(|suspension| suspension.line);
        Row {
            time: String::new(),
            task: self.label(event.task),
            event: self.text(event),
            line: line.map(place).unwrap_or_default(),
        }
    }

    fn label(&self, task: TaskId) -> String {
        let name = self.names.get(&task);
        name.map_or_else(|| task.to_string(), |name| format!("{task} {name:?}"))
    }

    fn text(&mut self, event: &Event) -> String {
        match (event.kind, &event.suspension) {
            (EventKind::Spawned(Some(parent)), _) => format!("spawned by {}", self.label(parent)),
            (EventKind::Woken(By::Task(waker)), _) => format!("woken by {}", self.label(waker)),
            (EventKind::Suspended(waiting), Some(suspension)) => {
                self.suspended(waiting, suspension)
            }
            (kind, _) => kind.to_string(),
        }
    }

    fn suspended(&mut self, waiting: Waiting, suspension: &Suspension) -> String {
        let Some(leaf) = suspension.leaf.filter(|leaf| *leaf != LeafKind::Outside) else {
            return EventKind::Suspended(waiting).to_string();
        };
        let object = suspension.object.as_ref().map(|object| self.object(object));
        let of = fmt::from_fn(|f| match &object {
            Some(object) => write!(f, " of {object}"),
            None => Ok(()),
        });
        let until = fmt::from_fn(|f| match waiting {
            Waiting::Until(at) if is_deadline(leaf) => write!(f, " until {at:?}"),
            Waiting::Until(at) => write!(f, ", or until {at:?}"),
            Waiting::Turn | Waiting::Ready | Waiting::Wake => Ok(()),
        });
        format!("suspended in {leaf}{of}{until}")
    }

    fn object(&mut self, object: &TracedObject) -> String {
        match object {
            TracedObject::Task(task) => self.label(*task),
            TracedObject::Descriptor(number) => format!("descriptor {number}"),
            TracedObject::Shared { kind, .. } => {
                self.objects.label(object).unwrap_or_else(|| kind.to_string())
            }
        }
    }
}

/// Returns whether such a leaf waits for nothing but its deadline.
fn is_deadline(leaf: LeafKind) -> bool {
    matches!(leaf, LeafKind::Sleep | LeafKind::Tick)
}
