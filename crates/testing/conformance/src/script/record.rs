//! [`PlayRecord`]: what a play has left, line by line.

use std::fmt;

use quadrivium::event_loop::trace::{Event, EventKind};

/// What a play has left: the trace of the loop, and between its lines what bodies and destructors
/// said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayRecord {
    /// In order.
    pub entries: Vec<RecordedLine>,
    /// How many of them came before the run ended. Those after it are of the cancels of what waited
    /// for ever.
    pub ended_after: usize,
    /// How the run ended: `done`, a deadlock with its tasks, a panic.
    pub end: String,
}

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedLine {
    /// What happened to a task.
    Event(Event),
    /// What a script said: its place, and what it did there.
    Said(String),
}

impl PlayRecord {
    /// All lines, the end among them.
    pub fn lines(&self) -> Vec<String> {
        let entries = self.entries.iter().map(RecordedLine::to_string);
        entries.chain([format!("the end: {}", self.end)]).collect()
    }
}

/// A record that is being made.
#[derive(Debug, Default)]
pub(super) struct Recording {
    entries: Vec<RecordedLine>,
    /// What was said since the loop last showed its trace, which it does between two steps.
    said: Vec<RecordedLine>,
    ended_after: usize,
}

impl Recording {
    pub(super) fn say(&mut self, line: String) {
        self.said.push(RecordedLine::Said(line));
    }

    /// What is said in a step comes right behind its beginning.
    pub(super) fn event(&mut self, event: &Event) {
        self.entries.push(RecordedLine::Event(event.clone()));
        if event.kind == EventKind::Resumed {
            self.entries.append(&mut self.said);
        }
    }

    /// The run has ended.
    pub(super) fn run_ended(&mut self) {
        self.entries.append(&mut self.said);
        self.ended_after = self.entries.len();
    }

    pub(super) fn end(mut self, end: String) -> PlayRecord {
        self.entries.append(&mut self.said);
        PlayRecord { entries: self.entries, ended_after: self.ended_after, end }
    }
}

impl fmt::Display for RecordedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordedLine::Event(event) => event.fmt(f),
            RecordedLine::Said(line) => write!(f, "    {line}"),
        }
    }
}
