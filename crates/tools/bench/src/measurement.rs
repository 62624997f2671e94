//! [`Measurement`]: what can be measured, and the tables that show it.

use quadrivium_bench_protocol::Bench;
use serde::{Deserialize, Serialize};

use crate::{
    numbers::{Column, Metric},
    tables,
};

/// The things that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Measurement {
    /// A turn of one task: suspend, requeue, resume
    Turn,
    /// Spawn, run and join one task
    Spawn,
    /// A turn at the bottom of a recursion
    Nested,
    /// Messages between two tasks
    Channel,
    /// Locks, notifications and other primitives
    Sync,
    /// Timers that fire, and timers that are dropped
    Timers,
    /// What a timeout adds to an operation
    Timeout,
    /// Many parts inside one task
    Join,
    /// The bytes of a suspended task
    Memory,
    /// A wake from another thread
    Wake,
    /// Everything above
    All,
}

/// A table of the report.
#[derive(Debug)]
pub(crate) struct Table {
    /// The name of the table, and of its chart.
    pub name: &'static str,
    /// What a number means.
    pub title: &'static str,
    /// How it was measured.
    pub method: &'static str,
    /// The columns.
    pub columns: Vec<Shown>,
    /// The column in which contenders are compared with their limits and with others.
    pub compared: Option<usize>,
    /// What grows along the chart, if there is one.
    pub chart: Option<&'static str>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Where the samples are.
    pub column: Column,
    /// The figure that is shown.
    pub metric: Metric,
    /// The heading.
    pub heading: String,
}

/// What is measured: all sizes, or those that a bar needs.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    /// Whether only the sizes of bars are measured.
    pub is_quick: bool,
    /// The sizes that the user has chosen, if any.
    pub chosen: Vec<usize>,
}

impl Sizes {
    /// Returns the sizes of a bench.
    pub(crate) fn of(&self, all: &[usize], quick: &[usize]) -> Vec<usize> {
        match (&self.chosen[..], self.is_quick) {
            ([], false) => all.to_vec(),
            ([], true) => quick.to_vec(),
            (chosen, _) => chosen.to_vec(),
        }
    }
}

impl Measurement {
    /// Returns all measurements that stand for one thing.
    pub(crate) const EACH: [Self; 10] = [
        Self::Turn,
        Self::Spawn,
        Self::Nested,
        Self::Channel,
        Self::Sync,
        Self::Timers,
        Self::Timeout,
        Self::Join,
        Self::Memory,
        Self::Wake,
    ];

    /// Returns the tables of this measurement.
    pub(crate) fn tables(self, sizes: &Sizes) -> Vec<Table> {
        match self {
            Self::Turn => tables::turn(sizes),
            Self::Spawn => vec![tables::spawn(sizes)],
            Self::Nested => vec![tables::nested(sizes)],
            Self::Channel => vec![tables::channel()],
            Self::Sync => vec![tables::uncontended(), tables::contended()],
            Self::Timers => tables::timers(sizes),
            Self::Timeout => vec![tables::timeout()],
            Self::Join => tables::join(sizes),
            Self::Memory => vec![tables::memory(sizes)],
            Self::Wake => vec![tables::wake()],
            Self::All => Self::EACH.iter().flat_map(|each| each.tables(sizes)).collect(),
        }
    }

    /// Returns the columns that are measured in the same rounds, for all of them.
    pub(crate) fn groups(self, sizes: &Sizes) -> Vec<Vec<Column>> {
        let tables = self.tables(sizes);
        let shown = tables.iter().flat_map(|table| &table.columns);
        let mut groups: Vec<Vec<Column>> = Vec::new();
        for &Shown { column, .. } in shown {
            let is_beside = |group: &&mut Vec<Column>| {
                group.iter().any(|&other| other == column || shares_rounds(other, column))
            };
            match groups.iter_mut().find(is_beside) {
                Some(group) if group.contains(&column) => {}
                Some(group) => group.push(column),
                None => groups.push(vec![column]),
            }
        }
        groups
    }
}

/// Returns whether the figures of two columns are compared with each other.
fn shares_rounds(one: Column, other: Column) -> bool {
    let is_timeout = |bench| matches!(bench, Bench::Bare | Bench::Timeout);
    (one.bench == Bench::Nested && other.bench == Bench::Nested)
        || (is_timeout(one.bench) && is_timeout(other.bench))
}

/// Returns a number with at least three digits, and with thousands separators.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        0.0..9.95 => format!("{value:.2}"),
        9.95..99.95 => format!("{value:.1}"),
        _ => grouped(value),
    }
}

pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}
