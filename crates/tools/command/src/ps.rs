//! `quadrivium ps` and `quadrivium tree`: the tasks of programs that run, as they report them.

use std::{fmt::Write as _, io, process::ExitCode};

use quadrivium::inspect::{SnapshotForm, ask, processes};
use serde_json::Value;

/// The exit code if a loop does not answer.
const NO_ANSWER: u8 = 2;

/// The documents of all processes that were asked, and the errors of the others.
struct PrintedAnswers {
    documents: Vec<Value>,
    errors: Vec<io::Error>,
}

/// Prints the tasks of a process in the form of the question. Without a process, it prints a line
/// for each loop of each process. The exit code is 2 if a loop does not answer.
///
/// # Errors
///
/// A line with the cause, when a process does not answer at all.
pub fn print(process: Option<u32>, question: SnapshotForm) -> Result<(String, ExitCode), String> {
    let asked = match process {
        Some(process) => vec![process],
        None => processes().map_err(|error| format!("cannot look for processes: {error}"))?,
    };
    let mut answers = PrintedAnswers { documents: Vec::new(), errors: Vec::new() };
    for process in asked {
        match ask(process, question).and_then(|text| Ok(serde_json::from_str(&text)?)) {
            Ok(document) => answers.documents.push(document),
            Err(error) => answers.errors.push(error),
        }
    }
    if let Some(error) = answers.errors.first().filter(|_| process.is_some()) {
        return Err(error.to_string());
    }
    let text = match (process, question) {
        (_, SnapshotForm::Json) => answers.json(process.is_some()),
        (Some(_), SnapshotForm::Table | SnapshotForm::Tree) => answers.details(),
        (None, SnapshotForm::Table | SnapshotForm::Tree) => answers.overview(),
    };
    let answers_all = answers.loops().all(|(_, it)| it["answers"] == true);
    let code = if answers_all { ExitCode::SUCCESS } else { ExitCode::from(NO_ANSWER) };
    Ok((text, code))
}

impl PrintedAnswers {
    /// Returns each loop, with the document of its process.
    fn loops(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.documents
            .iter()
            .flat_map(|it| it["loops"].as_array().into_iter().flatten().map(move |one| (it, one)))
    }

    /// One document for one process, and a list of documents for all processes.
    fn json(&self, is_one: bool) -> String {
        match self.documents.first().filter(|_| is_one) {
            Some(document) => format!("{document}\n"),
            None => format!("{}\n", Value::from(self.documents.clone())),
        }
    }

    /// The tasks of each loop.
    fn details(&self) -> String {
        let mut text = String::new();
        for document in &self.documents {
            let number = document["loops"].as_array().map_or(0, Vec::len);
            let loops = counted(number as u64, "loop");
            let (process, program) = (&document["process"], word(&document["program"]));
            _ = writeln!(text, "process {process} ({program}), {loops}");
        }
        for (_, one) in self.loops() {
            _ = writeln!(text, "\n{}", heading(one));
            if let Some(report) = one["watchdog"].as_str() {
                _ = writeln!(text, "{report}");
            }
            let age = one["age_ms"].as_u64().filter(|_| one["answers"] == false);
            match (one["tasks"].as_str(), age) {
                (None, _) => _ = writeln!(text, "no snapshot was taken before"),
                (Some(tasks), None) => _ = writeln!(text, "{tasks}"),
                (Some(tasks), Some(age)) => {
                    _ = writeln!(text, "the last snapshot was taken {} ago:\n{tasks}", time(age));
                }
            }
        }
        text
    }

    /// A line for each loop.
    fn overview(&self) -> String {
        let mut rows =
            vec![["process", "program", "loop", "thread", "tasks", "state"].map(Into::into)];
        rows.extend(self.loops().map(|(document, one)| {
            let tasks = one["count"].as_u64().map_or_else(|| "?".into(), |count| count.to_string());
            [
                document["process"].to_string(),
                word(&document["program"]).into(),
                one["loop"].to_string(),
                word(&one["thread"]).into(),
                tasks,
                one["why"].as_str().unwrap_or("answers").into(),
            ]
        }));
        let mut text = columns(&rows);
        for error in &self.errors {
            _ = writeln!(text, "{error}");
        }
        if self.documents.is_empty() && self.errors.is_empty() {
            text =
                "no process of this user offers snapshots: start one with QUADRIVIUM_INSPECT=1\n"
                    .into();
        }
        text
    }
}

/// The number of a loop, its thread, and whether it answers.
fn heading(one: &Value) -> String {
    let kind = if one["is_guest"] == true { "guest loop" } else { "loop" };
    let (number, thread) = (&one["loop"], word(&one["thread"]));
    match (one["why"].as_str(), one["count"].as_u64()) {
        (Some(why), _) => format!("{kind} {number} on thread {thread:?} {why}"),
        (None, count) => {
            let tasks = counted(count.unwrap_or(0), "task");
            format!("{kind} {number} on thread {thread:?}, {tasks}")
        }
    }
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns a text of a document, or a dash if it is not known.
fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn time(milliseconds: u64) -> humantime::FormattedDuration {
    humantime::format_duration(std::time::Duration::from_millis(milliseconds))
}

fn columns(rows: &[[String; 6]]) -> String {
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}
