//! [`Encoder`]: makes JSON of traces. Texts, places and objects that recur are in tables.
//!
//! `page/model.js` reads it. A change here that an older script would misread needs a new
//! [`SCHEMA`](crate::SCHEMA).

use std::{collections::HashMap, panic::Location};

use quadrivium::{
    event_loop::trace::{By, Event, EventKind, Suspension, TracedObject, Waiting},
    inspect::TaskId,
};
use quadrivium_examples::{programs::Program, styles::StyleName};
use serde::Serialize;
use serde_json::{Value, json};

use crate::comparison::{Comparison, STYLES};

/// The tables that all runs of a page share.
#[derive(Debug, Default, Serialize)]
pub struct Tables {
    texts: Table<String>,
    places: Table<Place>,
    objects: Table<EncodedObject>,
}

/// Where a task has suspended: what all styles share, and what each style has of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Place {
    /// The leaf. There is none if the task only lets other tasks run.
    leaf: Option<String>,
    /// The index of the object that it waits for.
    object: Option<usize>,
    /// The task whose end it waits for.
    task: Option<usize>,
    /// The line of each style in its own file, from 1.
    lines: [Option<u32>; STYLES],
    /// The lines that are in other files.
    elsewhere: [Option<String>; STYLES],
    /// The bytes that each style keeps.
    bytes: [Option<usize>; STYLES],
}

/// An object that tasks wait for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct EncodedObject {
    kind: String,
    name: Option<String>,
    /// Where it was made, if it is not a descriptor.
    made_at: Option<String>,
    /// Its number among the objects of this kind that were made there, from 0.
    nth: usize,
}

/// Values that recur, each once. A value is named by its index.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Table<T> {
    values: Vec<T>,
    #[serde(skip)]
    indices: HashMap<T, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { values: Vec::new(), indices: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    fn index(&mut self, value: T) -> usize {
        *self.indices.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            self.values.len() - 1
        })
    }
}

/// Makes JSON of the runs of a program.
#[derive(Debug)]
pub struct Encoder {
    program: Program,
    /// The tables so far.
    pub tables: Tables,
}

/// The tasks and the objects of one run, by the identities that they have in it.
#[derive(Default)]
struct RunNames {
    tasks: HashMap<TaskId, usize>,
    task_names: Vec<Value>,
    /// By the number in the run and the line, because a number can be used again.
    objects: HashMap<(String, &'static Location<'static>), usize>,
    made: HashMap<&'static Location<'static>, usize>,
}

impl Encoder {
    /// Returns an encoder with empty tables.
    pub fn new(program: Program) -> Self {
        Self { program, tables: Tables::default() }
    }

    /// Returns the runs of one order as JSON.
    pub fn run(&mut self, runs: &Comparison) -> Value {
        let mut names = RunNames::default();
        let mut before = 0;
        let mut events = Vec::new();
        for (at, event) in runs.events().iter().enumerate() {
            let now = event.at.as_nanos() as u64;
            let mut encoded = vec![json!(now - before), json!(names.task(event))];
            before = now;
            let place = self.place(&mut names, runs.suspensions(at));
            encode_kind(&mut encoded, &names, event.kind, place);
            events.push(Value::Array(encoded));
        }
        let printed = runs.records[0].printed.iter();
        let printed: Vec<_> =
            printed.map(|(at, text)| json!([at, self.tables.texts.index(text.clone())])).collect();
        let difference = runs.difference.as_ref();
        json!({
            "order": runs.order.to_string(),
            "choices": runs.records[0].choices,
            "tasks": names.task_names,
            "events": events,
            "printed": printed,
            "difference": difference.map(|it| json!({ "at": it.at, "lines": it.lines })),
        })
    }

    fn place(
        &mut self,
        names: &mut RunNames,
        suspensions: [Option<&Suspension>; STYLES],
    ) -> Option<usize> {
        let suspension = suspensions[0]?;
        let lines = suspensions.map(|it| it?.line);
        let program = self.program.name;
        let own_file = |style: usize, line: &Location<'_>| {
            line.file().ends_with(&format!("{program}/{}.rs", StyleName::ALL[style]))
        };
        let place = Place {
            leaf: suspension.leaf.map(|leaf| leaf.to_string()),
            object: self.object(names, suspension),
            task: match suspension.object {
                Some(TracedObject::Task(task)) => names.tasks.get(&task).copied(),
                _ => None,
            },
            lines: std::array::from_fn(|style| {
                lines[style].filter(|line| own_file(style, line)).map(Location::line)
            }),
            elsewhere: std::array::from_fn(|style| {
                lines[style].filter(|line| !own_file(style, line)).map(short)
            }),
            bytes: suspensions.map(|it| it.map(|it| it.bytes)),
        };
        Some(self.tables.places.index(place))
    }

    fn object(&mut self, names: &mut RunNames, suspension: &Suspension) -> Option<usize> {
        let object = match suspension.object.as_ref()? {
            TracedObject::Task(_) => return None,
            TracedObject::Descriptor(number) => EncodedObject {
                kind: "descriptor".into(),
                name: None,
                made_at: None,
                nth: *number as usize,
            },
            TracedObject::Shared { kind, number, name, made_at } => {
                let key = (format!("{number:?}"), *made_at);
                let made = &mut names.made;
                let nth = *names.objects.entry(key).or_insert_with(|| {
                    let made = made.entry(made_at).or_default();
                    *made += 1;
                    *made - 1
                });
                EncodedObject {
                    kind: kind.to_string(),
                    name: name.as_deref().map(Into::into),
                    made_at: Some(short(made_at)),
                    nth,
                }
            }
        };
        Some(self.tables.objects.index(object))
    }
}

impl RunNames {
    fn task(&mut self, event: &Event) -> usize {
        *self.tasks.entry(event.task).or_insert_with(|| {
            self.task_names.push(json!([event.task.0, event.name.as_deref()]));
            self.task_names.len() - 1
        })
    }
}

/// Appends the kind of an event, and what belongs to it. A page has many events, so a kind is one
/// letter: new, resumed, suspended, woken, late, done, cancelled, panicked.
fn encode_kind(encoded: &mut Vec<Value>, names: &RunNames, kind: EventKind, place: Option<usize>) {
    let task = |task: TaskId| json!(names.tasks.get(&task));
    match kind {
        EventKind::Spawned(None) => encoded.push(json!("n")),
        EventKind::Spawned(Some(parent)) => encoded.extend([json!("n"), task(parent)]),
        EventKind::Resumed => encoded.push(json!("r")),
        EventKind::Suspended(waiting) => {
            let waiting = match waiting {
                Waiting::Turn => json!("turn"),
                Waiting::Until(deadline) => json!(deadline.as_nanos() as u64),
                Waiting::Ready => json!("ready"),
                Waiting::Wake => json!("wake"),
            };
            encoded.extend([json!("s"), waiting, json!(place)]);
        }
        EventKind::Woken(by) => {
            let by = match by {
                By::Timer => json!("timer"),
                By::Reactor => json!("reactor"),
                By::Task(by) => task(by),
                By::Outside => json!("outside"),
                By::Fault => json!("fault"),
            };
            encoded.extend([json!("w"), by]);
        }
        EventKind::Delayed(delay) => {
            encoded.extend([json!("l"), json!(delay.as_nanos() as u64)]);
        }
        EventKind::Done => encoded.push(json!("d")),
        EventKind::Cancelled => encoded.push(json!("c")),
        EventKind::Panicked => encoded.push(json!("p")),
    }
}

/// Returns a line without the folders above the program: `pipeline/mod.rs:31`.
fn short(line: &Location<'_>) -> String {
    let file = line.file();
    let from = file.rmatch_indices('/').nth(1).map_or(0, |(slash, _)| slash + 1);
    format!("{}:{}", &file[from..], line.line())
}
