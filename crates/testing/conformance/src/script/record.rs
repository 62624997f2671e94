//! [`PlayRecord`]: the record of a play, line by line.

use std::fmt;

use quadrivium::{
    event_loop::{
        Report,
        trace::{Event, EventKind},
    },
    host::TaskId,
};

/// The record of a play: the trace of the loop, and between its lines the notes of the bodies and
/// destructors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayRecord {
    /// The lines, in order.
    pub entries: Vec<RecordedLine>,
    /// The number of lines before the run ended. The lines after it come from the cancels of tasks
    /// that wait forever.
    pub ended_after: usize,
    /// How the run ended: `done`, a deadlock with its tasks, or a panic.
    pub end: String,
    /// The cycles of tasks that the loop has reported.
    pub reports: Vec<ReportedCycle>,
}

/// Tasks that wait for each other, according to a report of the loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedCycle {
    /// Whether the report was certain.
    pub is_certain: bool,
    /// The tasks.
    pub tasks: Vec<TaskId>,
}

impl ReportedCycle {
    /// Returns the tasks of a report, if it describes a cycle.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let (is_certain, tasks) = match report {
            Report::JoinCycle(tasks) => (true, tasks),
            Report::SuspectedCycle { tasks, .. } => (false, tasks),
            _ => return None,
        };
        Some(Self { is_certain, tasks: tasks.labels().map(|label| label.id).collect() })
    }
}

impl fmt::Display for ReportedCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_certain { "certain" } else { "suspected" };
        let tasks: Vec<_> = self.tasks.iter().map(TaskId::to_string).collect();
        write!(f, "{kind}: a cycle of {}", tasks.join(", "))
    }
}

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedLine {
    /// An event of a task.
    Event(Event),
    /// A note of a script: its place, and what it did there.
    Note(String),
}

impl PlayRecord {
    /// Returns whether a task of this cycle has ended before any of them was cancelled. Only a
    /// cancel, such as one by a fault, ends a cycle of joins.
    pub(super) fn goes_on(&self, cycle: &ReportedCycle) -> bool {
        let first_end = self.entries.iter().find_map(|entry| match entry {
            RecordedLine::Event(event) if cycle.tasks.contains(&event.task) => match event.kind {
                EventKind::Done | EventKind::Panicked => Some(true),
                EventKind::Cancelled => Some(false),
                _ => None,
            },
            _ => None,
        });
        first_end == Some(true)
    }

    /// Returns whether this task was done, or has panicked.
    pub fn went_on(&self, task: TaskId) -> bool {
        self.entries.iter().any(|entry| match entry {
            RecordedLine::Event(event) => {
                event.task == task && matches!(event.kind, EventKind::Done | EventKind::Panicked)
            }
            RecordedLine::Note(_) => false,
        })
    }

    /// Returns all lines, including the end.
    pub fn lines(&self) -> Vec<String> {
        let entries = self.entries.iter().map(RecordedLine::to_string);
        let reports = self.reports.iter().map(ReportedCycle::to_string);
        entries.chain(reports).chain([format!("the end: {}", self.end)]).collect()
    }
}

/// A record that is being made.
#[derive(Debug, Default)]
pub(super) struct Recording {
    entries: Vec<RecordedLine>,
    /// The notes since the last event. The loop reports its events between two steps.
    notes: Vec<RecordedLine>,
    ended_after: usize,
}

impl Recording {
    pub(super) fn note(&mut self, line: String) {
        self.notes.push(RecordedLine::Note(line));
    }

    /// The notes of a step follow the event with which the step begins.
    pub(super) fn event(&mut self, event: &Event) {
        self.entries.push(RecordedLine::Event(event.comparable()));
        if event.kind == EventKind::Resumed {
            self.entries.append(&mut self.notes);
        }
    }

    /// Marks the end of the run.
    pub(super) fn run_ended(&mut self) {
        self.entries.append(&mut self.notes);
        self.ended_after = self.entries.len();
    }

    pub(super) fn end(mut self, end: String, reports: Vec<ReportedCycle>) -> PlayRecord {
        self.entries.append(&mut self.notes);
        PlayRecord { entries: self.entries, ended_after: self.ended_after, end, reports }
    }
}

impl fmt::Display for RecordedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordedLine::Event(event) => event.fmt(f),
            RecordedLine::Note(line) => write!(f, "    {line}"),
        }
    }
}
