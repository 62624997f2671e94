//! The objects of a trace, numbered in the order in which tasks wait for them.

use std::panic::Location;

use quadrivium::{
    event_loop::trace::TracedObject,
    inspect::{ObjectKind, ObjectNumber},
};

use super::rows::place;

/// The channels, locks and other objects that tasks have waited for.
#[derive(Default)]
pub struct SeenObjects {
    seen: Vec<SeenObject>,
}

struct SeenObject {
    /// Objects that do not exist at the same time may have the same number.
    identity: (ObjectNumber, &'static Location<'static>),
    /// The kind, and the name or a number.
    label: String,
}

impl SeenObjects {
    /// Returns how the object is called in the trace, if it is one that tasks share.
    pub fn label(&mut self, object: &TracedObject) -> Option<String> {
        let TracedObject::Shared { kind, number, name, made_at } = object else { return None };
        let identity = (*number, *made_at);
        if let Some(seen) = self.seen.iter().find(|seen| seen.identity == identity) {
            return Some(seen.label.clone());
        }
        let label = match name {
            Some(name) => format!("{kind} {name:?}"),
            None => format!("{kind} {}", self.seen_of(*kind) + 1),
        };
        self.seen.push(SeenObject { identity, label: label.clone() });
        Some(label)
    }

    fn seen_of(&self, kind: ObjectKind) -> usize {
        let prefix = format!("{kind} ");
        self.seen.iter().filter(|seen| seen.label.starts_with(&prefix)).count()
    }

    /// Returns a line for each object, with the place that made it.
    pub fn lines(&self) -> String {
        let line = |seen: &SeenObject| {
            let SeenObject { identity: (_, made_at), label } = seen;
            format!("{label} was made at {}\n", place(made_at))
        };
        let lines: String = self.seen.iter().map(line).collect();
        if lines.is_empty() { lines } else { format!("\n{lines}") }
    }
}
