//! The tables as text: one for each measurement, with notes on how it was made.

use std::fmt::Write;

use comfy_table::{CellAlignment, Table as Grid, presets};

use crate::{
    contenders::Group,
    measure::{Care, Measurement, Numbers, Row, Sampled},
};

/// Returns a table with its ratios, the causes of its failures, and a note on how it was made.
pub(crate) fn text(table: &Numbers, against: &[String], care: Care) -> String {
    let mut notes = Vec::new();
    let mut text = format!("{}\n", title(table.measurement));
    writeln!(text, "{}", grid(table, against, &mut notes)).expect("a string takes all");
    for (mark, cause) in notes.iter().enumerate() {
        writeln!(text, "[{}] {cause}", mark + 1).expect("a string takes all");
    }
    text + &method(table, care)
}

fn grid(table: &Numbers, against: &[String], notes: &mut Vec<String>) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(presets::ASCII_MARKDOWN);
    grid.set_header(header(table, against));
    let mut group = None;
    for row in &table.rows {
        // An empty row separates the groups.
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

fn header(table: &Numbers, against: &[String]) -> Vec<String> {
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

fn line(table: &Numbers, row: &Row, against: &[String], notes: &mut Vec<String>) -> Vec<String> {
    let mut line = vec![row.profile.name.to_owned()];
    line.extend(row.cells.iter().map(|cell| value(cell, row.profile.name, notes)));
    if table.measurement == Measurement::Memory {
        line.extend(row.cells.iter().map(heap));
    }
    line.extend(ratios(table, row, row.profile.limit));
    for name in against {
        // A limit is no scheduler, so it is not compared with a peer. A peer is not compared with
        // itself.
        let is_comparable = row.profile.group != Group::Limit && row.profile.name != name;
        line.extend(ratios(table, row, is_comparable.then_some(name)));
    }
    line
}

fn value(cell: &Sampled, name: &str, notes: &mut Vec<String>) -> String {
    match cell {
        Sampled::Measured { .. } => cell.median().map_or_else(String::new, short),
        Sampled::Fails(cause) => {
            let note = format!("{name}: {cause}");
            let earlier = notes.iter().position(|other| *other == note);
            let mark = earlier.unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            format!("fails [{}]", mark + 1)
        }
    }
}

fn heap(cell: &Sampled) -> String {
    match cell {
        Sampled::Measured { heap: Some(bytes), .. } => short(*bytes),
        Sampled::Measured { heap: None, .. } | Sampled::Fails(_) => String::new(),
    }
}

/// Returns the ratios of a row to the row of that name. A ratio is empty if either has no number.
fn ratios(table: &Numbers, row: &Row, name: Option<&str>) -> Vec<String> {
    let other = name.and_then(|name| table.rows.iter().find(|other| other.profile.name == name));
    let ratio = |(index, cell): (usize, &Sampled)| {
        let ratio = other.and_then(|other| cell.ratio(&other.cells[index]));
        ratio.map_or_else(String::new, |ratio| {
            if ratio < 9.95 { format!("{ratio:.2}") } else { short(ratio) }
        })
    };
    row.cells.iter().enumerate().map(ratio).collect()
}

/// Returns a number with at least three digits, and with thousands separators.
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

fn method(table: &Numbers, care: Care) -> String {
    let rounds = format!(
        "Median of {} interleaved rounds (A B C … A B C …). A sample takes about {} ms. Each\n\
         contender is in a process of its own and warmed up. A ratio is the median of the rounds'\n\
         ratios. Below 1 is faster.{}",
        care.samples,
        care.sample.as_millis(),
        spread(table)
    );
    match table.measurement {
        Measurement::Turn => format!(
            "{rounds}\nEach task increments a counter of its own and lets the others run. The\n\
             clock runs from the second turn of the first task to its last turn. All tasks exist\n\
             all the time. The turns of all tasks are counted, and a scheduler that starves tasks\n\
             fails.\n"
        ),
        Measurement::Spawn => format!(
            "{rounds}\nA task adds one to a number and returns it. All tasks of a batch are\n\
             spawned. Then they are joined in order, and their outputs are added up. The limits\n\
             have no join handles. \"limit, green\" runs all tasks on one warm stack.\n"
        ),
        Measurement::Memory => "Growth of the resident set (/proc/self/statm) of a new process, \
            divided by the\nnumber of tasks. It is read before the first spawn and when all tasks \
            are suspended.\n\"heap\" is the allocated part (mallinfo2). A task keeps a counter of 8 \
            bytes. Join handles are\ndropped. There is one reading, because readings differ by less \
            than a percent.\n"
            .to_owned(),
    }
}

/// Returns the largest spread of the samples.
fn spread(table: &Numbers) -> String {
    let spreads = table.rows.iter().flat_map(|row| {
        let spread =
            move |(cell, &tasks): (&Sampled, _)| Some((cell.spread()?, row.profile.name, tasks));
        row.cells.iter().zip(&table.columns).filter_map(spread)
    });
    match spreads.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((spread, name, tasks)) => format!(
            "\nThe largest spread is {:.0} %: {name} at {}. (Spread: half the distance of the \
             quartiles.)",
            spread * 100.0,
            grouped(tasks as f64)
        ),
        None => String::new(),
    }
}
