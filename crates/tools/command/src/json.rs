//! The report as JSON, for machines.

use serde::Serialize;

use crate::{
    args::ClockChoice,
    exhibition::{PlayStyle, Way},
    plan::{Pace, PlannedRun},
    report::{RunReport, RunResult},
};

/// The document. Fields that cannot be known are null.
#[derive(Serialize)]
struct Document {
    rules: RulesOf,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct RulesOf {
    boards: usize,
    moves: usize,
    master_s: f64,
    opponent_s: f64,
    seed: Option<u64>,
}

#[derive(Default, Serialize)]
struct Row {
    style: Option<PlayStyle>,
    way: Option<&'static str>,
    clock: Option<&'static str>,
    scale: Option<f64>,
    simulated_s: Option<f64>,
    real_s: Option<f64>,
    suspensions: Option<u64>,
    switches: Option<u64>,
    switches_per_second: Option<f64>,
    peak_memory_per_board_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

/// Times in seconds, memory in bytes.
pub fn document(report: &RunReport) -> String {
    let rules = &report.plan.rules;
    let document = Document {
        rules: RulesOf {
            boards: rules.boards,
            moves: rules.moves,
            master_s: rules.master.as_secs_f64(),
            opponent_s: rules.opponent.as_secs_f64(),
            seed: rules.seed,
        },
        rows: report.rows().map(|(run, outcome)| row(report.plan.clock, run, outcome)).collect(),
    };
    serde_json::to_string_pretty(&document).expect("the document is plain data")
}

fn row(clock: ClockChoice, run: &PlannedRun, outcome: &RunResult) -> Row {
    let (clock, scale) = match (&run.pace, clock) {
        (Pace::Real { scale }, _) => ("real", Some(*scale)),
        (Pace::Virtual, _) | (Pace::Skipped(_), ClockChoice::Virtual) => ("virtual", None),
        (Pace::Skipped(_), ClockChoice::Real) => ("real", None),
    };
    let row = Row {
        style: Some(run.style),
        way: Some(way_name(run.way)),
        clock: Some(clock),
        scale,
        ..Row::default()
    };
    match outcome.clone() {
        RunResult::Measured(measured) => Row {
            simulated_s: Some(measured.simulated.as_secs_f64()),
            real_s: Some(measured.real.as_secs_f64()),
            suspensions: measured.suspensions,
            switches: measured.switches,
            switches_per_second: measured.switches_per_second.map(f64::round),
            peak_memory_per_board_bytes: measured.memory_per_board,
            ..row
        },
        RunResult::Skipped(reason) => Row { skipped: Some(reason), ..row },
        RunResult::Failed(reason) => Row { failed: Some(reason), ..row },
    }
}

fn way_name(way: Way) -> &'static str {
    match way {
        Way::OneAfterAnother => "one after another",
        Way::MoveByMove => "move by move",
    }
}
