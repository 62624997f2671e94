//! [`Bar`]: a limit that a figure must not exceed, and its [`BarVerdict`].

use std::fs;

use quadrivium_bench_protocol::Bench;
use serde::Serialize;

use crate::{
    docs,
    measurement::{Measurement, grouped, short},
    numbers::{Column, Metric, Numbers, Sampled},
    profile::STYLES,
};

/// What a figure is compared with.
#[derive(Clone, Debug)]
enum Against {
    /// The same column of another contender.
    Contender(&'static str),
    /// Another column of the same contender.
    Itself(Column),
    /// Nothing: the figure is a number.
    Nothing,
    /// Nothing: the figure is the number of instructions in `docs/instructions.md`.
    Instructions(&'static str),
}

/// A limit for one or several styles.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The measurement to which it belongs.
    pub measurement: Measurement,
    what: String,
    styles: Vec<&'static str>,
    column: Column,
    metric: Metric,
    against: Against,
    most: f64,
}

/// A bar with its figures.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BarVerdict {
    /// What was measured.
    pub what: String,
    /// The limit, such as `≤ 0.33 × tokio`.
    pub bar: String,
    /// The figure of each style. It is empty where the bar is not for that style.
    pub figures: [Option<f64>; 4],
    /// Whether no figure exceeds the limit. `None` if one was not measured.
    pub passes: Option<bool>,
    /// The result in words.
    pub result: String,
}

impl Bar {
    pub(crate) fn new(
        measurement: Measurement,
        what: impl Into<String>,
        bench: Bench,
        n: usize,
    ) -> Self {
        Self {
            measurement,
            what: what.into(),
            styles: STYLES.to_vec(),
            column: Column { bench, n },
            metric: Metric::Time,
            against: Against::Nothing,
            most: 1.0,
        }
    }

    pub(crate) fn of(self, styles: &[&'static str]) -> Self {
        Self { styles: styles.to_vec(), ..self }
    }

    pub(crate) fn metric(self, metric: Metric) -> Self {
        Self { metric, ..self }
    }

    pub(crate) fn most(self, most: f64) -> Self {
        Self { most, ..self }
    }

    pub(crate) fn times(self, most: f64, contender: &'static str) -> Self {
        Self { most, against: Against::Contender(contender), ..self }
    }

    pub(crate) fn times_itself(self, most: f64, n: usize) -> Self {
        let column = Column { n, ..self.column };
        Self { most, against: Against::Itself(column), ..self }
    }

    pub(crate) fn instructions(self, most: f64, operation: &'static str) -> Self {
        Self { most, against: Against::Instructions(operation), ..self }
    }

    /// Returns the contenders with which the styles are compared. The best of them counts.
    pub(crate) fn contenders(&self) -> &[&'static str] {
        match &self.against {
            Against::Contender("tokio") => &["tokio", "tokio, no I/O"],
            Against::Contender(name) => std::slice::from_ref(name),
            _ => &[],
        }
    }

    fn figure(&self, numbers: &Numbers, style: &str) -> Option<f64> {
        let column = self.column;
        let ratio = |other| numbers.ratio((column, column), self.metric, style, other);
        match self.against {
            Against::Contender(_) => {
                self.contenders().iter().copied().filter_map(ratio).reduce(f64::max)
            }
            Against::Itself(other) => numbers.ratio((column, other), self.metric, style, style),
            Against::Nothing => numbers.value(column, self.metric, style),
            Against::Instructions(operation) => instructions(operation, style),
        }
    }

    fn limit(&self) -> String {
        let most = match self.most.fract() {
            0.0 => grouped(self.most),
            _ => short(self.most),
        };
        match self.against {
            Against::Contender(name) => format!("≤ {most} × {name}"),
            Against::Itself(other) => format!("≤ {most} × itself at {}", grouped(other.n as f64)),
            Against::Nothing => format!("≤ {most} {}", unit(self.metric)),
            Against::Instructions(_) => format!("≤ {most} instructions"),
        }
    }

    /// Compares the figures with the limit. `absent` is why a contender may be missing.
    pub(crate) fn verdict(&self, numbers: &Numbers, absent: &str) -> BarVerdict {
        let figure =
            |style: &&str| self.styles.contains(style).then(|| self.figure(numbers, style));
        let figures = STYLES.each_ref().map(|style| figure(style).flatten());
        let missing = STYLES.iter().filter(|style| figure(style) == Some(None));
        let missing: Vec<_> = missing.copied().collect();
        let misses: Vec<_> = STYLES
            .iter()
            .zip(figures)
            .filter_map(|(style, figure)| Some((style, figure.filter(|&f| f > self.most)?)))
            .map(|(style, figure)| self.distance(style, figure))
            .collect();
        let (passes, result) = match (&missing[..], &misses[..]) {
            ([], []) => (Some(true), "pass".to_owned()),
            ([], misses) => (Some(false), format!("miss: {}", misses.join(", "))),
            (missing, misses) => {
                let cause = self.cause(numbers, missing, absent);
                let not_measured = match missing.len() == self.styles.len() {
                    true => format!("not measured: {cause}"),
                    false => format!("not measured: {}: {cause}", missing.join(", ")),
                };
                let passes = if misses.is_empty() { None } else { Some(false) };
                let misses = misses.join(", ");
                let result = match passes {
                    None => not_measured,
                    _ => format!("miss: {misses}; {not_measured}"),
                };
                (passes, result)
            }
        };
        BarVerdict { what: self.what.clone(), bar: self.limit(), figures, passes, result }
    }

    fn distance(&self, style: &str, figure: f64) -> String {
        match self.most == 0.0 {
            true => format!("{style} has {}", short(figure)),
            false => format!("{style} by {:.0} %", (figure / self.most - 1.0) * 100.0),
        }
    }

    /// Returns why there is no figure.
    fn cause(&self, numbers: &Numbers, missing: &[&str], absent: &str) -> String {
        let others = self.contenders().iter().take(1);
        for &name in others.chain(missing) {
            match numbers.cell(self.column, name) {
                Some(Sampled::Fails(cause)) => return format!("{name} fails: {cause}"),
                Some(Sampled::Measured { .. }) => {}
                None if numbers.profiles.iter().any(|profile| profile.name == name) => {
                    return format!("{name} cannot do this");
                }
                None => return format!("{name} is absent ({absent})"),
            }
        }
        match self.metric {
            Metric::SystemCalls => "strace is missing".to_owned(),
            Metric::WritesPerSleep => "/proc/self/io cannot be read".to_owned(),
            _ => "there is no figure".to_owned(),
        }
    }
}

fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Resident | Metric::Heap => "bytes",
        Metric::Early => "early timers",
        Metric::WritesPerSleep => "per sleep",
        Metric::Allocations => "allocations",
        Metric::SystemCalls => "system calls",
        _ => "ns",
    }
}

/// Returns the number of instructions in the committed page.
fn instructions(operation: &str, style: &str) -> Option<f64> {
    let page = fs::read_to_string(docs::path("instructions.md")).ok()?;
    let cells = format!("| {operation} | {style} | ");
    let row = page.lines().find_map(|line| line.strip_prefix(&cells))?;
    row.split(' ').next()?.replace(',', "").parse().ok()
}
