//! The rounds of a measurement. In each round all contenders run one after the other, so that a
//! change of the machine's speed affects them all.

use std::time::Duration;

use serde::Serialize;

use crate::{
    child::{ContenderAnswer, ContenderOrder, ContenderProcess},
    contenders::Profile,
};

/// The things that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Measurement {
    /// The time of one turn of one task: suspend, requeue, resume.
    Turn,
    /// The time to spawn, run and join one task.
    Spawn,
    /// The bytes of one suspended task.
    Memory,
}

/// How carefully `turn` and `spawn` are measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Care {
    /// The number of rounds for each column.
    pub samples: usize,
    /// How long a sample of `turn` and `spawn` lasts.
    pub sample: Duration,
}

/// All numbers of one measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Numbers {
    /// The measurement.
    pub measurement: Measurement,
    /// The numbers of tasks.
    pub columns: Vec<usize>,
    /// A row for each contender.
    pub rows: Vec<Row>,
}

/// All numbers of one contender.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The contender.
    #[serde(flatten)]
    pub profile: Profile,
    /// A cell for each column of the table.
    pub cells: Vec<Sampled>,
}

/// One contender at one number of tasks.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sampled {
    /// The contender has one value per round.
    Measured {
        /// Nanoseconds per turn or task, or resident bytes per task, in the order of the rounds.
        samples: Vec<f64>,
        /// Heap bytes per task, for `memory`.
        heap: Option<f64>,
    },
    /// The contender failed, for this reason.
    Fails(String),
}

/// Measures all contenders at all numbers of tasks.
pub(crate) fn measure(
    measurement: Measurement,
    profiles: &[Profile],
    columns: &[usize],
    care: Care,
) -> Numbers {
    let mut rows: Vec<_> = profiles
        .iter()
        .map(|profile| Row { profile: profile.clone(), cells: Vec::new() })
        .collect();
    for &tasks in columns {
        let cells = match measurement {
            Measurement::Turn => {
                rounds(profiles, care, |turns| ContenderOrder::Turn { tasks, turns }, tasks)
            }
            Measurement::Spawn => {
                rounds(profiles, care, |batches| ContenderOrder::Spawn { tasks, batches }, tasks)
            }
            Measurement::Memory => profiles.iter().map(|profile| memory(profile, tasks)).collect(),
        };
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.cells.push(cell);
        }
    }
    Numbers { measurement, columns: columns.to_vec(), rows }
}

/// A contender in the rounds of one column.
struct Runner {
    process: ContenderProcess,
    /// The number of turns or batches in a sample.
    amount: u64,
    samples: Vec<f64>,
}

/// Fills a column of `turn` or `spawn`, each contender in a new process.
fn rounds(
    profiles: &[Profile],
    care: Care,
    order: impl Fn(u64) -> ContenderOrder,
    tasks: usize,
) -> Vec<Sampled> {
    let start = |profile: &Profile| {
        let mut process = ContenderProcess::start(profile.name);
        let amount = find_amount(&mut process, care.sample, &order)?;
        Ok(Runner { process, amount, samples: Vec::new() })
    };
    let mut runners: Vec<Result<Runner, String>> = profiles.iter().map(start).collect();
    for _ in 0..care.samples {
        for started in &mut runners {
            let Ok(runner) = started else { continue };
            match elapsed(&mut runner.process, order(runner.amount)) {
                Ok(ns) => runner.samples.push(ns / (runner.amount as f64 * tasks as f64)),
                // This ends the process, because a hung process would slow the others down.
                Err(cause) => *started = Err(cause),
            }
        }
    }
    let cell = |runner| match runner {
        Ok(Runner { samples, .. }) => Sampled::Measured { samples, heap: None },
        Err(cause) => Sampled::Fails(cause),
    };
    runners.into_iter().map(cell).collect()
}

/// Finds how many turns or batches fill a sample. This warms the contender up, too.
fn find_amount(
    process: &mut ContenderProcess,
    sample: Duration,
    order: impl Fn(u64) -> ContenderOrder,
) -> Result<u64, String> {
    let due = sample.as_nanos() as f64;
    let mut amount = 1;
    loop {
        let ns = elapsed(process, order(amount))?;
        if ns > due * 0.75 {
            return Ok(amount);
        }
        // A short trial is imprecise, so the amount grows by a factor of at most 100.
        let factor = (due / ns.max(1.0)).clamp(1.0, 100.0);
        amount = (amount as f64 * factor).ceil() as u64;
    }
}

fn elapsed(process: &mut ContenderProcess, order: ContenderOrder) -> Result<f64, String> {
    match process.carry_out(order)? {
        ContenderAnswer::Elapsed { ns } => Ok(ns as f64),
        other => Err(format!("unexpected answer {other:?} to {order:?}")),
    }
}

/// Fills a cell of `memory` with one reading of a new process. Readings hardly vary.
fn memory(profile: &Profile, tasks: usize) -> Sampled {
    match ContenderProcess::start(profile.name).carry_out(ContenderOrder::Suspend { tasks }) {
        Ok(ContenderAnswer::Occupied { resident, heap }) => Sampled::Measured {
            samples: vec![resident as f64 / tasks as f64],
            heap: Some(heap as f64 / tasks as f64),
        },
        Ok(other) => Sampled::Fails(format!("unexpected answer {other:?}")),
        Err(cause) => Sampled::Fails(cause),
    }
}

impl Sampled {
    /// Returns the median of the samples.
    pub(crate) fn median(&self) -> Option<f64> {
        match self {
            Self::Measured { samples, .. } => median(samples.clone()),
            Self::Fails(_) => None,
        }
    }

    /// Divides this contender's value by the value of the other one in the same round, and returns
    /// the median over the rounds. A drift of the machine from round to round cancels out.
    pub(crate) fn ratio(&self, other: &Self) -> Option<f64> {
        let (Self::Measured { samples, .. }, Self::Measured { samples: others, .. }) =
            (self, other)
        else {
            return None;
        };
        median(samples.iter().zip(others).map(|(mine, other)| mine / other).collect())
    }

    /// Returns half the distance between the quartiles, as a share of the median.
    pub(crate) fn spread(&self) -> Option<f64> {
        let Self::Measured { samples, .. } = self else { return None };
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let (first, third) = (sorted.get(sorted.len() / 4)?, sorted.get(sorted.len() * 3 / 4)?);
        Some((third - first) / 2.0 / self.median()?)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
