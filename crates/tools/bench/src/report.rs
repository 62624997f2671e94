//! The tables in text: one per measurement, and below it how its numbers were made.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table as Grid, presets};

use crate::{
    contender::Group,
    measure::{Care, Cell, Measurement, Row, Table},
};

/// Returns a table, its ratios, the causes of its failures, and how it was made.
pub(crate) fn text(table: &Table, against: &[String], care: Care) -> String {
    let mut notes = Vec::new();
    let mut text = format!("{}\n", title(table.measurement));
    writeln!(text, "{}", grid(table, against, &mut notes)).expect("a string takes all");
    for (mark, cause) in notes.iter().enumerate() {
        writeln!(text, "[{}] {cause}", mark + 1).expect("a string takes all");
    }
    text + &method(table, care)
}

fn grid(table: &Table, against: &[String], notes: &mut Vec<String>) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::ASCII_MARKDOWN);
    grid.set_header(header(table, against));
    let mut group = None;
    for row in &table.rows {
        // An empty row between the groups.
        if group.replace(row.profile.group).is_some_and(|before| before != row.profile.group) {
            grid.add_row([""]);
        }
        grid.add_row(line(table, row, against, notes));
    }
    for column in grid.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    grid
}

fn header(table: &Table, against: &[String]) -> Vec<String> {
    let unit = match table.measurement {
        Measurement::Turn | Measurement::Spawn => "ns",
        Measurement::Memory => "bytes",
    };
    let mut blocks = vec![unit.to_owned()];
    if table.measurement == Measurement::Memory {
        blocks.push("heap".to_owned());
    }
    blocks.push("× limit".to_owned());
    blocks.extend(against.iter().map(|name| format!("× {name}")));
    let columns = |block: String| {
        table.columns.iter().map(move |&tasks| format!("{}\n{block}", grouped(tasks as f64)))
    };
    std::iter::once("tasks".to_owned()).chain(blocks.into_iter().flat_map(columns)).collect()
}

fn line(table: &Table, row: &Row, against: &[String], notes: &mut Vec<String>) -> Vec<String> {
    let mut line = vec![row.profile.name.to_owned()];
    line.extend(row.cells.iter().map(|cell| value(cell, row.profile.name, notes)));
    if table.measurement == Measurement::Memory {
        line.extend(row.cells.iter().map(heap));
    }
    line.extend(ratios(table, row, row.profile.limit));
    for name in against {
        // A limit beside a peer says nothing about a scheduler, and nobody is compared with itself.
        let is_comparable = row.profile.group != Group::Limit && row.profile.name != name;
        line.extend(ratios(table, row, is_comparable.then_some(name)));
    }
    line
}

fn value(cell: &Cell, name: &str, notes: &mut Vec<String>) -> String {
    match cell {
        Cell::Measured { .. } => cell.median().map_or_else(String::new, short),
        Cell::Fails(cause) => {
            let note = format!("{name}: {cause}");
            let known = notes.iter().position(|other| *other == note);
            let mark = known.unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            format!("fails [{}]", mark + 1)
        }
    }
}

fn heap(cell: &Cell) -> String {
    match cell {
        Cell::Measured { heap: Some(bytes), .. } => short(*bytes),
        Cell::Measured { heap: None, .. } | Cell::Fails(_) => String::new(),
    }
}

/// Returns a row's ratios to the row of that name, empty where either has no number.
fn ratios(table: &Table, row: &Row, name: Option<&str>) -> Vec<String> {
    let other = name.and_then(|name| table.rows.iter().find(|other| other.profile.name == name));
    let ratio = |(index, cell): (usize, &Cell)| {
        let ratio = other.and_then(|other| cell.ratio(&other.cells[index]));
        ratio.map_or_else(String::new, |ratio| {
            if ratio < 9.95 { format!("{ratio:.2}") } else { short(ratio) }
        })
    };
    row.cells.iter().enumerate().map(ratio).collect()
}

/// Writes three digits or more, the thousands apart.
fn short(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { grouped(value) }
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

fn title(measurement: Measurement) -> &'static str {
    match measurement {
        Measurement::Turn => "turn: suspend, requeue, resume; ns per turn, by number of tasks",
        Measurement::Spawn => "spawn: spawn, run, join; ns per task, by number of tasks in a batch",
        Measurement::Memory => "memory: resident bytes per suspended task, by number of tasks",
    }
}

fn method(table: &Table, care: Care) -> String {
    let rounds = format!(
        "Median of {} interleaved rounds (A B C … A B C …) of samples of about {} ms, each contender in a process\n\
         of its own, warmed up. A ratio is the median of the rounds' ratios; below 1 is faster. {}",
        care.samples,
        care.sample.as_millis(),
        spread(table)
    );
    match table.measurement {
        Measurement::Turn => format!(
            "{rounds}\nEach task bumps a counter of its own and lets the others run; the clock runs from the first task's\n\
             second turn to its last, with all tasks alive; the turns of all are counted, and a scheduler that\n\
             starves tasks fails.\n"
        ),
        Measurement::Spawn => format!(
            "{rounds}\nA task adds one to a number and returns it; all of a batch are spawned, then all are joined in order, and\n\
             the outputs summed up. The limits have no join handles. \"limit, green\" runs all tasks on one warm stack.\n"
        ),
        Measurement::Memory => "Growth of the resident set (/proc/self/statm) of a new process, from before the first spawn until \
             all tasks are\nsuspended for good, divided by the tasks; \"heap\" is the part the allocator handed out (mallinfo2). \
             A task keeps\na counter of 8 bytes; join handles are dropped. One reading: it repeats within a percent.\n"
            .to_owned(),
    }
}

/// Says how far the samples lie apart, at the worst.
fn spread(table: &Table) -> String {
    let spreads = table.rows.iter().flat_map(|row| {
        let spread =
            move |(cell, &tasks): (&Cell, _)| Some((cell.spread()?, row.profile.name, tasks));
        row.cells.iter().zip(&table.columns).filter_map(spread)
    });
    match spreads.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((spread, name, tasks)) => format!(
            "Spread (half the\nquartiles' distance) at the worst {:.0} %: {name} at {}.",
            spread * 100.0,
            grouped(tasks as f64)
        ),
        None => String::new(),
    }
}
