//! The table: a row a run, in two sections, and the notes that say how each column was measured.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use crate::{
    args::ClockChoice,
    exhibition::{PlayStyle, Way},
    measure::Measured,
    plan::{Pace, PlannedRun},
    report::{Report, RunResult},
    text,
};

/// What stands for a number that cannot be known.
const UNKNOWN: &str = "–";

const COLUMNS: [&str; 6] =
    ["", "simulated", "real time", "suspensions", "switches\na second", "peak memory\na board"];

/// How many lines of the table are its header.
pub const HEADER_LINES: usize = 2;

/// The lines of the table. Sections are flush left, their rows are not.
pub fn lines(report: &Report) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(COLUMNS.map(right));
    for way in Way::ALL {
        let rows: Vec<_> = report.rows().filter(|(run, _)| run.way == way).collect();
        if rows.is_empty() {
            continue;
        }
        table.add_row([way.to_string()]);
        for (run, outcome) in rows {
            table.add_row(row(report.plan.clock, run, outcome));
        }
    }
    trimmed(table)
}

/// The lines of a table, with two spaces between its columns and none behind.
fn trimmed(mut table: Table) -> Vec<String> {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn row(clock: ClockChoice, run: &PlannedRun, outcome: &RunResult) -> Vec<Cell> {
    let name = Cell::new(format!("  {}{}", run.style, mark(clock, run)));
    let unknown = || UNKNOWN.to_owned();
    let numbers = match outcome {
        RunResult::Measured(Measured {
            simulated,
            real,
            suspensions,
            switches_per_second,
            memory_per_board,
            ..
        }) => [
            text::clock(*simulated),
            text::short(*real),
            suspensions.map_or_else(unknown, text::count),
            switches_per_second.map_or_else(unknown, text::rate),
            memory_per_board.map_or_else(unknown, text::bytes),
        ],
        RunResult::Skipped(_) | RunResult::Failed(_) => std::array::from_fn(|_| unknown()),
    };
    [name].into_iter().chain(numbers.iter().map(|number| right(number))).collect()
}

fn right(text: &str) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Beside the virtual clock, what ran on the real one is marked, for the notes.
fn mark(clock: ClockChoice, run: &PlannedRun) -> &'static str {
    match (clock, &run.pace) {
        (ClockChoice::Virtual, Pace::Real { .. }) => " *",
        (ClockChoice::Real, _) | (_, Pace::Virtual | Pace::Skipped(_)) => "",
    }
}

/// How the columns were measured, and why rows are empty. As wide as `width`.
pub fn notes(report: &Report, width: usize) -> Vec<String> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.add_row(["simulated", &simulated(report)]);
    table.add_row(["real time", real(report)]);
    table.add_row([
        "suspensions",
        "Times a task was suspended: once a reply, and once a game that was waited for. * Times the \
         OS put one to sleep.",
    ]);
    table.add_row(["switches", switches(report)]);
    table.add_row(["memory", &memory(report)]);
    for (run, outcome) in report.rows() {
        match outcome {
            RunResult::Measured(_) => continue,
            RunResult::Skipped(reason) => table.add_row([run.style.to_string(), reason.clone()]),
            RunResult::Failed(reason) => {
                table.add_row([run.style.to_string(), format!("failed: {reason}")])
            }
        };
    }
    trimmed(table)
}

fn simulated(report: &Report) -> String {
    let scales = scales(report);
    match report.plan.clock {
        ClockChoice::Real => scales.first().map_or_else(String::new, |(_, scale)| {
            format!("Real time × {scale}: so a timer that is late counts {scale} times, too.")
        }),
        ClockChoice::Virtual if scales.is_empty() => "Exact: the clock is virtual.".into(),
        ClockChoice::Virtual => {
            let played: Vec<_> =
                scales.iter().map(|(who, scale)| format!("{who} {scale} times")).collect();
            format!(
                "Exact on the virtual clock. * The OS has none: played on the real one, {} as \
                 fast, and real time × that. A late timer counts as often, too.",
                played.join(", ")
            )
        }
    }
}

/// Who was played how many times faster.
fn scales(report: &Report) -> Vec<(String, String)> {
    let mut scales: Vec<(String, String)> = Vec::new();
    for (run, _) in report.rows() {
        let Pace::Real { scale } = run.pace else { continue };
        let scale = text::factor(scale);
        match scales.iter_mut().find(|(_, known)| *known == scale) {
            Some((who, _)) => *who += &format!(" and {}", run.style),
            None => scales.push((run.style.to_string(), scale)),
        }
    }
    scales
}

fn real(report: &Report) -> &'static str {
    match (report.plan.clock, has(report, PlayStyle::is_left_to_the_os)) {
        (ClockChoice::Real, _) => "One run each, all side by side: they wait nearly all the time.",
        (ClockChoice::Virtual, true) => "Median of up to 99 runs. * One run, all side by side.",
        (ClockChoice::Virtual, false) => "Median of up to 99 runs.",
    }
}

fn switches(report: &Report) -> &'static str {
    match (report.plan.clock, has(report, PlayStyle::is_left_to_the_os)) {
        (ClockChoice::Real, true) => {
            "Tasks resumed, or context switches of the OS, a second of CPU time."
        }
        (ClockChoice::Real, false) => "Tasks resumed, a second of CPU time.",
        (ClockChoice::Virtual, true) => {
            "Tasks resumed, a second of real time. * Context switches of the OS, a second of CPU \
             time, as nearly all the time is slept."
        }
        (ClockChoice::Virtual, false) => "Tasks resumed, a second of real time.",
    }
}

fn memory(report: &Report) -> String {
    let mut memory = String::from("Heap");
    if has(report, |it| it == PlayStyle::Green) {
        memory += ", for green threads also the resident pages of their stacks";
    }
    memory += ".";
    if has(report, |it| matches!(it, PlayStyle::Threads | PlayStyle::Processes)) {
        memory += " OS threads: what they add to resident memory; OS processes: proportional set \
                   size.";
    }
    memory
}

/// Whether one of those was run.
fn has(report: &Report, is_it: impl Fn(PlayStyle) -> bool) -> bool {
    let was_run = |run: &PlannedRun| !matches!(run.pace, Pace::Skipped(_));
    report.rows().any(|(run, _)| is_it(run.style) && was_run(run))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{exhibition::Rules, plan::Plan};

    fn measured(style: PlayStyle) -> Measured {
        Measured {
            simulated: Duration::from_secs(3655),
            real: Duration::from_micros(1234),
            suspensions: Some(1439),
            switches: Some(1500),
            switches_per_second: Some(6_543_210.0),
            memory_per_board: (style != PlayStyle::Threads).then_some(4674),
        }
    }

    fn report() -> Report {
        let way = Way::MoveByMove;
        let run = |style, pace| PlannedRun { style, way, pace };
        let runs = vec![
            run(PlayStyle::Green, Pace::Virtual),
            run(PlayStyle::Threads, Pace::Real { scale: 1800.0 }),
            run(PlayStyle::Processes, Pace::Skipped("they are too many".into())),
        ];
        let outcomes = vec![
            RunResult::Measured(measured(PlayStyle::Green)),
            RunResult::Measured(measured(PlayStyle::Threads)),
            RunResult::Skipped("they are too many".into()),
        ];
        let plan = Plan { rules: Rules::default(), clock: ClockChoice::Virtual, runs };
        Report { plan, outcomes, timelines: Vec::new(), frame: None }
    }

    #[test]
    fn a_table_reads_well() {
        assert_eq!(
            lines(&report()),
            [
                "                simulated  real time  suspensions   switches  peak memory",
                "                                                    a second      a board",
                "Move by move",
                "  green thread    1:00:55    1.23 ms        1,439  6,540,000     4.56 KiB",
                "  OS threads *    1:00:55    1.23 ms        1,439  6,540,000            –",
                "  OS processes          –          –            –          –            –",
            ]
        );
    }

    #[test]
    fn notes_say_how_it_was_measured_and_what_was_not() {
        let notes = notes(&report(), 80).join(" ");
        let notes: Vec<_> = notes.split_whitespace().collect();
        let notes = notes.join(" ");
        assert!(notes.contains("OS threads 1,800 times as fast"), "{notes}");
        assert!(notes.contains("OS processes they are too many"), "{notes}");
    }
}
