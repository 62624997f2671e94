//! The report for people: a table, notes and timelines.

use anstyle::{AnsiColor, Style as Paint};
use humantime::format_duration;

use crate::{
    exhibition::{Rules, heading},
    report::RunReport,
    table, text,
    timeline::{Frame, MASTER, OPPONENT},
};

const BOLD: Paint = Paint::new().bold();
const DIM: Paint = Paint::new().dimmed();
const BUSY: Paint = AnsiColor::Yellow.on_default();

/// Returns the whole page, with escape sequences for colours. The caller removes them where colours
/// are not shown.
pub fn page(report: &RunReport, width: usize) -> String {
    let rules = &report.plan.rules;
    let mut page = paint(BOLD, &title(rules)) + "\n" + &thinking(rules) + "\n\n";
    for (index, line) in table::lines(report).into_iter().enumerate() {
        // After the header, only rows are indented.
        let is_row = index >= table::HEADER_LINES && line.starts_with("  ");
        page += &(if is_row { line } else { paint(BOLD, &line) } + "\n");
    }
    page.push('\n');
    for line in table::notes(report, width) {
        page += &(paint(DIM, &line) + "\n");
    }
    if let Some(frame) = report.frame.filter(|_| !report.timelines.is_empty()) {
        page += &timelines(report, frame);
    }
    page
}

/// Returns the number of boards and moves.
fn title(rules: &Rules) -> String {
    let boards = if rules.boards == 1 { "board" } else { "boards" };
    let moves = if rules.moves == 1 { "move" } else { "moves" };
    let (many_boards, many_moves) =
        (text::count(rules.boards as u64), text::count(rules.moves as u64));
    format!("A chess master plays {many_boards} {boards}, {many_moves} {moves} each.")
}

/// Returns the thinking times.
fn thinking(rules: &Rules) -> String {
    let (master, opponent) = (format_duration(rules.master), format_duration(rules.opponent));
    let seed = rules.seed.map(|seed| format!(", give or take a quarter (seed {seed})"));
    format!(
        "The master thinks {master} a move, an opponent {opponent}{}.",
        seed.unwrap_or_default()
    )
}

/// Returns how much of the exhibition the timelines show.
fn extent(report: &RunReport, frame: Frame) -> String {
    let longest = report.timelines.iter().map(|(_, _, simulated)| *simulated).max();
    match longest {
        Some(longest) if frame.span() < longest => {
            format!("The first {}.", text::play_time(frame.span()))
        }
        _ => "All of it.".to_owned(),
    }
}

fn timelines(report: &RunReport, frame: Frame) -> String {
    let mut lines = format!(
        "\n{} One column is {}.\n{} the master thinks, {} the opponent thinks, blank: waiting.\n",
        paint(BOLD, &extent(report, frame)),
        format_duration(frame.column),
        paint(BUSY, &MASTER.to_string()),
        paint(DIM, &OPPONENT.to_string()),
    );
    for (way, timeline, simulated) in &report.timelines {
        let busy = timeline.busy_percent(*simulated);
        let total = text::play_time(*simulated);
        let heading = format!("{}: the master is busy {busy:.1} % of {total}", heading(*way));
        lines += &format!("\n{}\n", paint(BOLD, &heading));
        for line in timeline.lines() {
            lines += &(coloured(&line) + "\n");
        }
    }
    lines
}

/// Returns the line with colours.
fn coloured(line: &str) -> String {
    let mut coloured = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|it| it != first).unwrap_or(rest.len());
        let (same, after) = rest.split_at(end);
        match first {
            MASTER => coloured += &paint(BUSY, same),
            OPPONENT => coloured += &paint(DIM, same),
            _ => coloured += same,
        }
        rest = after;
    }
    coloured
}

fn paint(paint: Paint, text: &str) -> String {
    format!("{paint}{text}{paint:#}")
}
