//! The tables: one for each thing that is measured, and one of the bars.

use comfy_table::{CellAlignment, Table as Grid, presets};

use crate::{
    measure::Care,
    measurement::{Shown, Table, short},
    numbers::{Metric, Numbers, Sampled},
    profile::{Group, Profile, STYLES},
    verdict::BarVerdict,
};

/// The cells of a table, as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    heading: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The number of columns on the left with words instead of numbers.
    words: usize,
}

impl Cells {
    /// Returns the table for a terminal.
    pub(crate) fn to_text(&self) -> String {
        let mut grid = Grid::new();
        grid.load_style(presets::ASCII_MARKDOWN);
        grid.set_header(&self.heading);
        grid.add_rows(&self.rows);
        for column in grid.column_iter_mut().skip(self.words) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        grid.to_string()
    }

    /// Removes the columns that no row has a cell in.
    fn without_empty_columns(mut self) -> Self {
        for index in (self.words..self.heading.len()).rev() {
            if self.rows.iter().all(|row| row[index].is_empty()) {
                self.heading.remove(index);
                self.rows.iter_mut().for_each(|row| drop(row.remove(index)));
            }
        }
        self
    }

    /// Returns whether nothing was measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the table for a page, without padding.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule: Vec<_> = (0..self.heading.len())
            .map(|index| if index < self.words { "---".to_owned() } else { "--:".to_owned() })
            .collect();
        let rows = self.rows.iter().filter(|row| row.iter().any(|cell| !cell.is_empty()));
        let rows: String = rows.map(|row| line(row)).collect();
        line(&self.heading) + &format!("|{}|\n", rule.join("|")) + &rows
    }
}

/// Returns the table of the bars.
pub(crate) fn bars(verdicts: &[BarVerdict]) -> Cells {
    let words = ["what", "bar", "result"];
    let heading = words.into_iter().chain(STYLES).map(str::to_owned).collect();
    let row = |verdict: &BarVerdict| {
        let BarVerdict { what, bar, result, .. } = verdict.clone();
        let figures = verdict.figures.map(|figure| figure.map_or_else(String::new, short));
        [what, bar, result].into_iter().chain(figures).collect()
    };
    Cells { heading, rows: verdicts.iter().map(row).collect(), words: words.len() }
}

/// Returns a line that counts the results.
pub(crate) fn summary(verdicts: &[BarVerdict]) -> String {
    let count = |passes| verdicts.iter().filter(|verdict| verdict.passes == passes).count();
    format!(
        "{} bars: {} pass, {} miss, {} not measured",
        verdicts.len(),
        count(Some(true)),
        count(Some(false)),
        count(None)
    )
}

/// Returns the table of a measurement, and the causes of its failures.
pub(crate) fn table(table: &Table, numbers: &Numbers, against: &[String]) -> (Cells, Vec<String>) {
    let mut notes = Vec::new();
    let mut heading = vec![String::new()];
    heading.extend(table.columns.iter().map(|shown| shown.heading.clone()));
    let compared = table.compared.map(|index| &table.columns[index]);
    if let Some(shown) = compared {
        let names = std::iter::once("limit").chain(against.iter().map(String::as_str));
        heading.extend(names.map(|name| match table.columns.len() {
            1 => format!("× {name}"),
            _ => format!("× {name}, {}", shown.heading),
        }));
    }
    let mut rows = Vec::new();
    let mut group = None;
    for profile in &numbers.profiles {
        let values: Vec<_> =
            table.columns.iter().map(|shown| value(shown, numbers, profile, &mut notes)).collect();
        if values.iter().all(String::is_empty) {
            continue;
        }
        // An empty row separates the groups.
        if group.replace(profile.group).is_some_and(|before| before != profile.group) {
            rows.push(vec![String::new(); heading.len()]);
        }
        let mut row = vec![profile.name.clone()];
        row.extend(values);
        if let Some(shown) = compared {
            row.push(ratio(shown, numbers, profile, profile.limit().as_deref()));
            row.extend(against.iter().map(|name| {
                // A limit is no scheduler, so it is not compared with a peer. A peer is not
                // compared with itself.
                let is_comparable = profile.group != Group::Limit && profile.name != *name;
                ratio(shown, numbers, profile, is_comparable.then_some(name))
            }));
        }
        rows.push(row);
    }
    (Cells { heading, rows, words: 1 }.without_empty_columns(), notes)
}

fn value(shown: &Shown, numbers: &Numbers, profile: &Profile, notes: &mut Vec<String>) -> String {
    match numbers.cell(shown.column, &profile.name) {
        None => String::new(),
        Some(Sampled::Measured { .. }) => {
            numbers.value(shown.column, shown.metric, &profile.name).map_or_else(String::new, short)
        }
        Some(Sampled::Fails(cause)) => {
            // The whole message of a failed assertion fills a screen.
            let cause: String = cause.chars().take(100).collect();
            let note = format!("{}: {cause}", profile.name);
            let earlier = notes.iter().position(|other| *other == note);
            let mark = earlier.unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            format!("fails [{}]", mark + 1)
        }
    }
}

/// Returns the ratio of a contender to another one. It is empty if either has no number.
fn ratio(shown: &Shown, numbers: &Numbers, profile: &Profile, other: Option<&str>) -> String {
    let columns = (shown.column, shown.column);
    other
        .and_then(|other| numbers.ratio(columns, shown.metric, &profile.name, other))
        .map_or_else(String::new, short)
}

/// Returns how a table was measured.
pub(crate) fn method(table: &Table, numbers: &Numbers, care: Care) -> String {
    let rounds = table.columns.iter().map(|shown| {
        let columns = numbers.columns.iter().filter(|other| other.column == shown.column);
        let cells = columns.flat_map(|measured| &measured.cells);
        cells
            .map(|(_, cell)| match cell {
                Sampled::Measured { samples, .. } => samples.len(),
                Sampled::Fails(_) => 0,
            })
            .max()
    });
    let rounds = rounds.flatten().max().unwrap_or(0);
    let sample = care.sample.as_millis();
    let spread = spread(table, numbers);
    format!("{} Median of {rounds} rounds, samples of {sample} ms.{spread}", table.method)
}

/// Returns the largest spread of the samples.
fn spread(table: &Table, numbers: &Numbers) -> String {
    let spreads =
        table.columns.iter().filter(|shown| shown.metric == Metric::Time).flat_map(|shown| {
            numbers.profiles.iter().filter_map(move |profile| {
                let spread = numbers.spread(shown.column, shown.metric, &profile.name)?;
                Some((spread, &profile.name, &shown.heading))
            })
        });
    match spreads.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((spread, name, heading)) => format!(
            " The largest spread (half the distance of the quartiles) is {:.0} %: {name} at \
             {heading}.",
            spread * 100.0
        ),
        None => String::new(),
    }
}
