//! [`Numbers`]: all samples of a run, and the figures that are computed from them.

use quadrivium_bench_protocol::{Bench, Sample};
use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// A bench at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Column {
    /// The bench.
    pub bench: Bench,
    /// The number of tasks, parts or timers, the depth, or the capacity.
    pub n: usize,
}

/// The samples of one contender in one column.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sampled {
    /// One sample per round, in the order of the rounds.
    Measured {
        /// The samples.
        samples: Vec<Sample>,
        /// The number of allocations of one operation, if it was counted.
        allocations: Option<f64>,
        /// The number of system calls of one operation, if it was counted.
        system_calls: Option<f64>,
    },
    /// The contender failed, for this reason.
    Fails(String),
}

/// All samples of one column.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MeasuredColumn {
    /// The bench and its size.
    pub column: Column,
    /// The names of the contenders, and their samples.
    pub cells: Vec<(String, Sampled)>,
}

/// All samples of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Numbers {
    /// The contenders, in the order of the rows.
    pub profiles: Vec<Profile>,
    /// The columns that were measured.
    pub columns: Vec<MeasuredColumn>,
}

/// A figure of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Nanoseconds per operation.
    Time,
    /// Nanoseconds that a timeout adds to the operation inside it.
    Added,
    /// Nanoseconds of processor time per operation.
    Processor,
    /// The median of the latency, in nanoseconds.
    P50,
    /// The 99th percentile of the latency.
    P99,
    /// The 99.9th percentile of the latency.
    P999,
    /// Resident bytes per task.
    Resident,
    /// Heap bytes per task.
    Heap,
    /// Timers that fired too early.
    Early,
    /// Calls of `write` per sleep of the loop.
    WritesPerSleep,
    /// Allocations per operation.
    Allocations,
    /// System calls per operation.
    SystemCalls,
}

impl Numbers {
    /// Returns a cell, if the contender was measured there.
    pub(crate) fn cell(&self, column: Column, name: &str) -> Option<&Sampled> {
        let measured = self.columns.iter().find(|measured| measured.column == column)?;
        measured.cells.iter().find_map(|(other, cell)| (other == name).then_some(cell))
    }

    /// Returns the values of a contender, in the order of the rounds.
    fn values(&self, column: Column, metric: Metric, name: &str) -> Vec<f64> {
        let Some(Sampled::Measured { samples, allocations, system_calls }) =
            self.cell(column, name)
        else {
            return Vec::new();
        };
        match metric {
            Metric::Allocations => allocations.iter().copied().collect(),
            Metric::SystemCalls => system_calls.iter().copied().collect(),
            Metric::Added => {
                let bare = Column { bench: Bench::Bare, n: column.n };
                let bare = self.values(bare, Metric::Time, name);
                let all = self.values(column, Metric::Time, name);
                all.iter().zip(bare).map(|(all, bare)| all - bare).collect()
            }
            _ => samples.iter().filter_map(|sample| metric.of(sample)).collect(),
        }
    }

    /// Returns the median over the rounds.
    pub(crate) fn value(&self, column: Column, metric: Metric, name: &str) -> Option<f64> {
        median(self.values(column, metric, name))
    }

    /// Divides this contender's value by the value of the other one in the same round, and returns
    /// the median over the rounds. A drift of the machine from round to round cancels out.
    pub(crate) fn ratio(
        &self,
        (mine, others): (Column, Column),
        metric: Metric,
        name: &str,
        other: &str,
    ) -> Option<f64> {
        let mine = self.values(mine, metric, name);
        let others = self.values(others, metric, other);
        median(mine.iter().zip(others).map(|(mine, other)| mine / other).collect())
    }

    /// Returns half the distance between the quartiles, as a share of the median.
    pub(crate) fn spread(&self, column: Column, metric: Metric, name: &str) -> Option<f64> {
        let mut sorted = self.values(column, metric, name);
        sorted.sort_by(f64::total_cmp);
        let (first, third) = (sorted.get(sorted.len() / 4)?, sorted.get(sorted.len() * 3 / 4)?);
        Some((third - first) / 2.0 / median(sorted.clone())?)
    }
}

impl Metric {
    /// Returns the figure of one sample. A figure of a whole cell is not in its samples.
    fn of(self, sample: &Sample) -> Option<f64> {
        let per_operation = |value: u64| value as f64 / sample.operations as f64;
        match self {
            Self::Time => Some(per_operation(sample.elapsed_ns)),
            Self::Processor => Some(per_operation(sample.cpu_ns)),
            Self::P50 => Some(sample.latency?.p50 as f64),
            Self::P99 => Some(sample.latency?.p99 as f64),
            Self::P999 => Some(sample.latency?.p999 as f64),
            Self::Resident => Some(per_operation(sample.resident?)),
            Self::Heap => Some(per_operation(sample.heap?)),
            Self::Early => Some(sample.early? as f64),
            // A storm that never let the loop sleep counts as one sleep.
            Self::WritesPerSleep => Some(sample.writes? as f64 / sample.sleeps?.max(1) as f64),
            Self::Added | Self::Allocations | Self::SystemCalls => None,
        }
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(times: &[u64]) -> Sampled {
        let sample = |&elapsed_ns| Sample { elapsed_ns, operations: 10, ..Sample::default() };
        let samples = times.iter().map(sample).collect();
        Sampled::Measured { samples, allocations: Some(0.5), system_calls: None }
    }

    #[test]
    fn figures_are_medians_of_rounds() {
        let bare = Column { bench: Bench::Bare, n: 1 };
        let timeout = Column { bench: Bench::Timeout, n: 1 };
        let cells =
            |mine, other| vec![("mine".to_owned(), cell(mine)), ("other".to_owned(), cell(other))];
        let columns = vec![
            MeasuredColumn { column: bare, cells: cells(&[10, 30, 20], &[10, 10, 10]) },
            MeasuredColumn { column: timeout, cells: cells(&[20, 60, 30], &[50, 50, 50]) },
        ];
        let numbers = Numbers { profiles: Vec::new(), columns };
        assert_eq!(numbers.value(bare, Metric::Time, "mine"), Some(2.0));
        assert_eq!(numbers.ratio((bare, bare), Metric::Time, "mine", "other"), Some(2.0));
        assert_eq!(numbers.value(timeout, Metric::Added, "mine"), Some(1.0));
        assert_eq!(numbers.value(bare, Metric::Allocations, "mine"), Some(0.5));
        assert_eq!(numbers.value(bare, Metric::SystemCalls, "mine"), None);
        assert_eq!(numbers.value(bare, Metric::Time, "nobody"), None);
    }
}
