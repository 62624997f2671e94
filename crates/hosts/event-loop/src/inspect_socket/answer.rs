//! The answer to a question of another process: one JSON document with all loops.

use std::{
    env,
    fmt::{self, Display},
    process,
    sync::Arc,
    time::{Duration, Instant},
};

use quadrivium_core::inspect::{
    Report,
    snapshot::{JsonText, Tasks},
};

use super::connection::SnapshotForm;
use crate::{
    threads::{
        inspect_error::{InspectError, Unanswered},
        inspector::LoopInspector,
    },
    time::clock,
};

/// How long loops may take to answer, all together.
const LIMIT: Duration = Duration::from_millis(100);

/// The version of the first message and of the document.
pub(super) const VERSION: u32 = 1;

/// What a loop has answered.
pub(super) struct LoopAnswer {
    inspector: LoopInspector,
    answer: Result<Arc<Tasks>, (Duration, Unanswered)>,
}

/// Asks all loops of this process at once. A loop that ends meanwhile is left out.
pub(super) fn ask_all() -> Vec<LoopAnswer> {
    let inspectors = LoopInspector::all();
    inspectors.iter().for_each(LoopInspector::ask);
    let end = clock::real_now() + LIMIT;
    let ask = |inspector: LoopInspector| {
        let answer = match inspector.tasks(end.saturating_duration_since(clock::real_now())) {
            Ok(tasks) => Ok(tasks),
            Err(InspectError::NoAnswer(_, why)) => Err((LIMIT, why)),
            Err(InspectError::Gone) => return None,
        };
        Some(LoopAnswer { inspector, answer })
    };
    inspectors.into_iter().filter_map(ask).collect()
}

/// Returns the first message of a connection.
pub(super) fn greeting() -> String {
    format!("{{\"quadrivium\":\"inspect\",\"version\":{VERSION},\"process\":{}}}\n", process::id())
}

/// Returns the document that answers a question.
pub(super) fn document(loops: &[LoopAnswer], question: SnapshotForm) -> String {
    let program = env::current_exe().unwrap_or_default();
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let loops: Vec<_> = loops.iter().map(|it| it.json(question).to_string()).collect();
    format!(
        r#"{{"version":{VERSION},"process":{},"program":{},"loops":[{}]}}"#,
        process::id(),
        JsonText(&program),
        loops.join(",")
    ) + "\n"
}

/// Returns the document for a question that is not known.
pub(super) fn refusal() -> String {
    format!("{{\"version\":{VERSION},\"error\":\"the question is not known\"}}\n")
}

impl LoopAnswer {
    fn json(&self, question: SnapshotForm) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let Self { inspector, answer } = self;
            write!(f, r#"{{"loop":{},"thread":"#, inspector.number())?;
            match inspector.thread() {
                Some(name) => JsonText(name).fmt(f)?,
                None => f.write_str("null")?,
            }
            write!(f, r#","is_guest":{}"#, inspector.is_guest())?;
            match answer {
                Ok(tasks) => {
                    f.write_str(r#","answers":true,"why":null,"age_ms":0"#)?;
                    write_tasks(f, tasks, question)?;
                }
                Err((limit, why)) => {
                    let why = format!("has not answered for {limit:?}: {why}");
                    write!(f, r#","answers":false,"why":{}"#, JsonText(&why))?;
                    if let Some(step) = inspector.long_step() {
                        let report = Report::LongStep(step).to_string();
                        write!(f, r#","watchdog":{}"#, JsonText(&report))?;
                    }
                    match inspector.last() {
                        Some(last) => {
                            write!(f, r#","age_ms":{}"#, last.age().as_millis())?;
                            write_tasks(f, &last.tasks, question)?;
                        }
                        None => f.write_str(r#","age_ms":null,"count":null,"tasks":null"#)?,
                    }
                }
            }
            f.write_str("}")
        })
    }
}

/// Writes the number of the tasks, and the tasks in the form that was asked for.
fn write_tasks(f: &mut fmt::Formatter<'_>, tasks: &Tasks, question: SnapshotForm) -> fmt::Result {
    write!(f, r#","count":{},"tasks":"#, tasks.len())?;
    match question {
        SnapshotForm::Table => JsonText(&tasks.table().to_string()).fmt(f),
        SnapshotForm::Tree => JsonText(&tasks.tree().to_string()).fmt(f),
        SnapshotForm::Json => tasks.json().fmt(f),
    }
}

/// Returns a time this much later.
pub(super) fn later(time: Duration) -> Instant {
    clock::real_now() + time
}
