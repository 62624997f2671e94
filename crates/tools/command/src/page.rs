//! The report for people: table, notes, timelines.

use anstyle::{AnsiColor, Style as Paint};
use humantime::format_duration;

use crate::{
    exhibition::Rules,
    report::Report,
    table, text,
    timeline::{Frame, MASTER, OPPONENT},
};

const BOLD: Paint = Paint::new().bold();
const DIM: Paint = Paint::new().dimmed();
const BUSY: Paint = AnsiColor::Yellow.on_default();

/// The whole page, with colours; who writes it to something that has none takes them out.
pub fn page(report: &Report, width: usize) -> String {
    let rules = &report.plan.rules;
    let mut page = paint(BOLD, &title(rules)) + "\n" + &thinking(rules) + "\n\n";
    for (place, line) in table::lines(report).into_iter().enumerate() {
        // Rows are indented; sections are not, and the header comes first.
        let is_row = place >= table::HEADER_LINES && line.starts_with("  ");
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

/// What is played.
fn title(rules: &Rules) -> String {
    let boards = if rules.boards == 1 { "board" } else { "boards" };
    let moves = if rules.moves == 1 { "move" } else { "moves" };
    let (many_boards, many_moves) =
        (text::count(rules.boards as u64), text::count(rules.moves as u64));
    format!("A chess master plays {many_boards} {boards}, {many_moves} {moves} each.")
}

/// Who thinks how long.
fn thinking(rules: &Rules) -> String {
    let (master, opponent) = (format_duration(rules.master), format_duration(rules.opponent));
    let seed = rules.seed.map(|seed| format!(", give or take a quarter (seed {seed})"));
    format!("He thinks {master} a move, an opponent {opponent}{}.", seed.unwrap_or_default())
}

/// How much of the exhibition the timelines show.
fn shown(report: &Report, frame: Frame) -> String {
    let longest = report.timelines.iter().map(|(_, _, simulated)| *simulated).max();
    match longest {
        Some(longest) if frame.span() < longest => {
            format!("The first {}.", text::clock(frame.span()))
        }
        _ => "All of it.".to_owned(),
    }
}

fn timelines(report: &Report, frame: Frame) -> String {
    let mut lines = format!(
        "\n{} A column is {}:\n{} the master moves, {} the opponent thinks, else the board waits.\n",
        paint(BOLD, &shown(report, frame)),
        format_duration(frame.column),
        paint(BUSY, &MASTER.to_string()),
        paint(DIM, &OPPONENT.to_string()),
    );
    for (way, timeline, simulated) in &report.timelines {
        let busy = timeline.busy_percent(*simulated);
        let total = text::clock(*simulated);
        let heading = format!("{way}: the master is busy {busy:.1} % of {total}");
        lines += &format!("\n{}\n", paint(BOLD, &heading));
        for line in timeline.lines() {
            lines += &(coloured(&line) + "\n");
        }
    }
    lines
}

/// The line with its moves and thinking in their colours.
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
