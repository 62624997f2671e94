//! The table: a row for each run, in two sections, and notes on how each column is measured.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use crate::{
    args::ClockChoice,
    exhibition::{PlayStyle, Way, heading},
    measure::Measured,
    plan::{Pace, PlannedRun},
    report::{RunReport, RunResult},
    text,
};

/// A cell without a number: the column does not apply to the row, or the number cannot be known.
const NO_NUMBER: &str = "–";

/// Starts a note on the rows with a mark. The space does not break, so a line never ends with it.
const MARK_OF_NOTE: &str = "*\u{a0}";

/// The number of lines of the table's header.
pub const HEADER_LINES: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    /// The length of the exhibition on the virtual clock.
    VirtualClock,
    /// The length of the exhibition on the real clock.
    ScaledRealTime,
    /// How long the run took.
    RealTime,
    Suspensions,
    Switches,
    Memory,
}

impl Column {
    const ALL: [Column; 6] = [
        Column::VirtualClock,
        Column::ScaledRealTime,
        Column::RealTime,
        Column::Suspensions,
        Column::Switches,
        Column::Memory,
    ];

    /// Returns the columns that apply to at least one row.
    fn of(report: &RunReport) -> Vec<Column> {
        let applies = |column: &Column| match column {
            Column::VirtualClock => report.rows().any(|(run, _)| run.pace == Pace::Virtual),
            Column::ScaledRealTime => {
                report.rows().any(|(run, _)| matches!(run.pace, Pace::Real { .. }))
            }
            Column::RealTime | Column::Suspensions | Column::Switches | Column::Memory => true,
        };
        Column::ALL.into_iter().filter(applies).collect()
    }

    fn title(self) -> &'static str {
        match self {
            Column::VirtualClock => "virtual\nclock",
            Column::ScaledRealTime => "real time\n× scale",
            Column::RealTime => "real time",
            Column::Suspensions => "times\nsuspended",
            Column::Switches => "switches\na second",
            Column::Memory => "memory\na board",
        }
    }

    /// Returns the number of this column. None if the column does not apply to the run.
    fn number(self, run: &PlannedRun, measured: &Measured) -> Option<String> {
        let is_virtual = run.pace == Pace::Virtual;
        match self {
            Column::VirtualClock => is_virtual.then(|| text::play_time(measured.simulated)),
            Column::ScaledRealTime => (!is_virtual).then(|| text::play_time(measured.simulated)),
            Column::RealTime => Some(text::duration(measured.real)),
            Column::Suspensions => measured.suspensions.map(text::count),
            Column::Switches => measured.switches_per_second.map(text::rate),
            Column::Memory => measured.memory_per_board.map(text::bytes),
        }
    }

    /// Returns how the numbers are measured. Mentions only rows that are shown.
    fn note(self, report: &RunReport) -> String {
        match self {
            Column::VirtualClock => {
                "The length of the exhibition. It is exact, because this clock \
                jumps to the next deadline when nothing else can happen."
                    .into()
            }
            Column::ScaledRealTime => scaled_real_time(report),
            Column::RealTime => real_time(report),
            Column::Suspensions => suspensions(report),
            Column::Switches => switches(report),
            Column::Memory => memory(report),
        }
    }
}

/// Returns the lines of the table. The titles of sections start at the first column of the
/// terminal. Rows are indented.
pub fn lines(report: &RunReport) -> Vec<String> {
    let columns = Column::of(report);
    let mut table = Table::new();
    let titles = columns.iter().map(|column| align_right(column.title()));
    table.load_style(presets::NOTHING).set_header([Cell::new("")].into_iter().chain(titles));
    for (run, outcome) in report.rows() {
        table.add_row(row(&columns, run, outcome));
    }
    let mut rows = trimmed_lines(table);
    let mut lines: Vec<_> = rows.drain(..HEADER_LINES).collect();
    // The titles are put between the rows last, because they would make the first column wider.
    let mut rows = rows.into_iter().zip(report.rows()).peekable();
    for way in Way::ALL {
        if rows.peek().is_some_and(|(_, (run, _))| run.way == way) {
            lines.push(heading(way).to_owned());
        }
        while let Some((line, _)) = rows.next_if(|(_, (run, _))| run.way == way) {
            lines.push(line);
        }
    }
    lines
}

fn row(columns: &[Column], run: &PlannedRun, outcome: &RunResult) -> Vec<Cell> {
    let name = Cell::new(format!("  {}{}", run.style, mark(run)));
    let number = |column: &Column| {
        let number = match outcome {
            RunResult::Measured(measured) => column.number(run, measured),
            RunResult::Skipped(_) | RunResult::Failed(_) => None,
        };
        align_right(number.as_deref().unwrap_or(NO_NUMBER))
    };
    [name].into_iter().chain(columns.iter().map(number)).collect()
}

/// Returns the lines of a table, with two spaces between its columns and none at the end.
fn trimmed_lines(mut table: Table) -> Vec<String> {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().replace('\u{a0}', " ")).collect()
}

fn align_right(text: &str) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Returns the mark of a comparison that was run. Notes with this mark explain these rows.
fn mark(run: &PlannedRun) -> &'static str {
    if run.style.is_comparison() && is_run(run) { " *" } else { "" }
}

/// Returns the notes: how each column is measured, and why rows have no numbers. Lines have at most
/// `width` columns.
pub fn notes(report: &RunReport, width: usize) -> Vec<String> {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for column in Column::of(report) {
        table.add_row([column.title().replace('\n', " "), column.note(report)]);
    }
    for (run, outcome) in report.rows() {
        match outcome {
            RunResult::Measured(_) => continue,
            RunResult::Skipped(reason) => table.add_row([run.style.to_string(), reason.clone()]),
            RunResult::Failed(reason) => {
                table.add_row([run.style.to_string(), format!("failed: {reason}")])
            }
        };
    }
    trimmed_lines(table)
}

fn scaled_real_time(report: &RunReport) -> String {
    let scales = scales(report);
    let note = match report.plan.clock {
        ClockChoice::Real => {
            let scale = scales.first().map_or("1", |(scale, _)| scale);
            format!("The length of the exhibition. All thinking times are divided by {scale}.")
        }
        ClockChoice::Virtual => {
            let scales: Vec<_> =
                scales.iter().map(|(scale, styles)| format!("{styles} {scale}")).collect();
            format!(
                "{MARK_OF_NOTE}The length of the exhibition without a virtual clock. All thinking \
                 times are divided by a scale: {}.",
                scales.join(", ")
            )
        }
    };
    note + " A late timer makes it longer by its delay × scale."
}

/// Returns each scale with the comparisons that are played at that scale.
fn scales(report: &RunReport) -> Vec<(String, String)> {
    let mut scales: Vec<(String, String)> = Vec::new();
    for (run, _) in report.rows() {
        let Pace::Real { scale } = run.pace else { continue };
        let scale = text::factor(scale);
        match scales.iter_mut().find(|(known, _)| *known == scale) {
            Some((_, styles)) => *styles += &format!(" and {}", run.style),
            None => scales.push((scale, run.style.to_string())),
        }
    }
    scales
}

fn real_time(report: &RunReport) -> String {
    let how = match report.plan.clock {
        ClockChoice::Real => {
            "There is one run of each row, and all take place at the same time.".into()
        }
        ClockChoice::Virtual => note(
            report,
            "This is the median of up to 99 runs.",
            "There is one run. All these rows run at the same time.",
        ),
    };
    format!("How long a run took. {how}")
}

fn suspensions(report: &RunReport) -> String {
    note(
        report,
        "How often a task was suspended: once for each reply, and once for each wait for the end \
         of a game.",
        "How often the OS suspended a thread because it had to wait.",
    )
}

fn switches(report: &RunReport) -> String {
    let tasks = match report.plan.clock {
        ClockChoice::Real => "Tasks resumed per second of CPU time.",
        ClockChoice::Virtual => "Tasks resumed per second of real time.",
    };
    note(
        report,
        tasks,
        "Context switches of the OS per second of CPU time. Nearly all the real time is spent \
         asleep.",
    )
}

fn memory(report: &RunReport) -> String {
    let heap = match is_shown(report, |style| style == PlayStyle::Green) {
        true => {
            "The peak of the heap. For green threads the resident pages of their stacks are added."
        }
        false => "The peak of the heap.",
    };
    let mut os = Vec::new();
    if is_shown(report, |style| style == PlayStyle::Threads) {
        os.push("OS threads: the resident memory that they add.");
    }
    if is_shown(report, |style| style == PlayStyle::Processes) {
        os.push("OS processes: their proportional set size.");
    }
    note(report, heap, &os.join(" "))
}

/// Joins the note on the rows of the styles and the note on the rows with a mark, as far as there
/// are such rows.
fn note(report: &RunReport, styles: &str, comparisons: &str) -> String {
    let mut note = Vec::new();
    if is_shown(report, |style| !style.is_comparison()) {
        note.push(styles.to_owned());
    }
    if is_shown(report, PlayStyle::is_comparison) && !comparisons.is_empty() {
        note.push(format!("{MARK_OF_NOTE}{comparisons}"));
    }
    note.join(" ")
}

/// Returns whether a row of such a style was run.
fn is_shown(report: &RunReport, is_such: impl Fn(PlayStyle) -> bool) -> bool {
    report.rows().any(|(run, _)| is_such(run.style) && is_run(run))
}

fn is_run(run: &PlannedRun) -> bool {
    !matches!(run.pace, Pace::Skipped(_))
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

    fn report(styles: &[(PlayStyle, Pace)]) -> RunReport {
        let run = |(style, pace): &(PlayStyle, Pace)| PlannedRun {
            style: *style,
            way: Way::MoveByMove,
            pace: pace.clone(),
        };
        let result = |(style, pace): &(PlayStyle, Pace)| match pace {
            Pace::Skipped(reason) => RunResult::Skipped(reason.clone()),
            Pace::Virtual | Pace::Real { .. } => RunResult::Measured(measured(*style)),
        };
        let runs = styles.iter().map(run).collect();
        let outcomes = styles.iter().map(result).collect();
        let plan = Plan { rules: Rules::default(), clock: ClockChoice::Virtual, runs, trace: None };
        RunReport { plan, outcomes, timelines: Vec::new(), frame: None }
    }

    fn mixed_report() -> RunReport {
        report(&[
            (PlayStyle::Green, Pace::Virtual),
            (PlayStyle::Threads, Pace::Real { scale: 1800.0 }),
            (PlayStyle::Processes, Pace::Skipped("they are too many".into())),
        ])
    }

    /// Returns the notes with one space between words.
    fn joined_notes(report: &RunReport) -> String {
        notes(report, 80).join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_time_is_in_the_column_of_its_clock() {
        assert_eq!(
            lines(&mixed_report()),
            [
                "                virtual  real time  real time      times  switches    memory",
                "                  clock    × scale             suspended  a second   a board",
                "Move by move",
                "  green thread  1:00:55          –    1.23 ms      1,439    6.54 M  4.56 KiB",
                "  OS threads *        –    1:00:55    1.23 ms      1,439    6.54 M         –",
                "  OS processes        –          –          –          –         –         –",
            ]
        );
    }

    #[test]
    fn a_column_that_applies_to_no_row_is_left_out() {
        assert_eq!(
            lines(&report(&[(PlayStyle::Green, Pace::Virtual)])),
            [
                "                virtual  real time      times  switches    memory",
                "                  clock             suspended  a second   a board",
                "Move by move",
                "  green thread  1:00:55    1.23 ms      1,439    6.54 M  4.56 KiB",
            ]
        );
    }

    #[test]
    fn notes_name_the_scale_and_the_rows_that_were_skipped() {
        let notes = joined_notes(&mixed_report());
        assert!(notes.contains("OS threads 1,800."), "{notes}");
        assert!(notes.contains("OS processes they are too many"), "{notes}");
        assert!(!notes.contains("OS processes:"), "a skipped row has no memory: {notes}");
    }

    #[test]
    fn notes_are_about_rows_that_are_shown() {
        let styles = joined_notes(&report(&[(PlayStyle::Future, Pace::Virtual)]));
        assert!(!styles.contains('*') && !styles.contains("stacks"), "{styles}");
        let comparisons = joined_notes(&report(&[(PlayStyle::Threads, Pace::Real { scale: 1.0 })]));
        assert!(!comparisons.contains("heap") && !comparisons.contains("task"), "{comparisons}");
    }
}
