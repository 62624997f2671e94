//! The rounds: all contenders one after the other, again and again, so that a change of the
//! machine's speed meets them all.

use std::time::Duration;

use serde::Serialize;

use crate::{
    child::{Answer, Contestant, Order},
    contender::Profile,
};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Measurement {
    /// Suspend, requeue, resume, among that many tasks.
    Turn,
    /// Spawn, run and join, that many at a time.
    Spawn,
    /// Bytes per suspended task.
    Memory,
}

/// How much care is taken.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Care {
    /// Rounds per column.
    pub samples: usize,
    /// How long a sample of `turn` and `spawn` lasts.
    pub sample: Duration,
}

/// All numbers of one measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// What was measured.
    pub measurement: Measurement,
    /// The numbers of tasks.
    pub columns: Vec<usize>,
    /// A row per contender.
    pub rows: Vec<Row>,
}

/// All numbers of one contender.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Whose.
    #[serde(flatten)]
    pub profile: Profile,
    /// A cell per column of the table.
    pub cells: Vec<Cell>,
}

/// One contender at one number of tasks.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cell {
    /// One value per round: ns per turn or per task, or resident bytes per task.
    Measured {
        /// The values, in the order of the rounds.
        samples: Vec<f64>,
        /// Heap bytes per task, for `memory`.
        heap: Option<f64>,
    },
    /// Why there is none.
    Fails(String),
}

/// Measures all contenders at all numbers of tasks.
pub(crate) fn measure(
    measurement: Measurement,
    profiles: &[Profile],
    columns: &[usize],
    care: Care,
) -> Table {
    let mut rows: Vec<_> = profiles
        .iter()
        .map(|profile| Row { profile: profile.clone(), cells: Vec::new() })
        .collect();
    for &tasks in columns {
        let cells = match measurement {
            Measurement::Turn => {
                rounds(profiles, care, |turns| Order::Turn { tasks, turns }, tasks)
            }
            Measurement::Spawn => {
                rounds(profiles, care, |batches| Order::Spawn { tasks, batches }, tasks)
            }
            Measurement::Memory => profiles.iter().map(|profile| memory(profile, tasks)).collect(),
        };
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.cells.push(cell);
        }
    }
    Table { measurement, columns: columns.to_vec(), rows }
}

/// A contender in the rounds of one column.
struct Runner {
    contestant: Contestant,
    /// Turns or batches per sample.
    amount: u64,
    samples: Vec<f64>,
}

/// Fills a column of `turn` or `spawn`, each contender in a new process.
fn rounds(
    profiles: &[Profile],
    care: Care,
    order: impl Fn(u64) -> Order,
    tasks: usize,
) -> Vec<Cell> {
    let enter = |profile: &Profile| {
        let mut contestant = Contestant::start(profile.name);
        let amount = amount(&mut contestant, care.sample, &order)?;
        Ok(Runner { contestant, amount, samples: Vec::new() })
    };
    let mut entries: Vec<Result<Runner, String>> = profiles.iter().map(enter).collect();
    for _ in 0..care.samples {
        for entry in &mut entries {
            let Ok(runner) = entry else { continue };
            match elapsed(&mut runner.contestant, order(runner.amount)) {
                Ok(ns) => runner.samples.push(ns / (runner.amount as f64 * tasks as f64)),
                // The process ends here: a hung one would slow the others down.
                Err(cause) => *entry = Err(cause),
            }
        }
    }
    let cell = |entry| match entry {
        Ok(Runner { samples, .. }) => Cell::Measured { samples, heap: None },
        Err(cause) => Cell::Fails(cause),
    };
    entries.into_iter().map(cell).collect()
}

/// Finds how many turns or batches fill a sample; warms the contender up on the way.
fn amount(
    contestant: &mut Contestant,
    sample: Duration,
    order: impl Fn(u64) -> Order,
) -> Result<u64, String> {
    let due = sample.as_nanos() as f64;
    let mut amount = 1;
    loop {
        let ns = elapsed(contestant, order(amount))?;
        if ns > due * 0.75 {
            return Ok(amount);
        }
        // A short trial says little, so a step grows by no more than a hundred.
        let factor = (due / ns.max(1.0)).clamp(1.0, 100.0);
        amount = (amount as f64 * factor).ceil() as u64;
    }
}

fn elapsed(contestant: &mut Contestant, order: Order) -> Result<f64, String> {
    match contestant.ask(order)? {
        Answer::Elapsed { ns } => Ok(ns as f64),
        other => Err(format!("answered {other:?} to {order:?}")),
    }
}

/// Fills a cell of `memory`: one reading, which hardly varies, of a new process.
fn memory(profile: &Profile, tasks: usize) -> Cell {
    match Contestant::start(profile.name).ask(Order::Hold { tasks }) {
        Ok(Answer::Occupied { resident, heap }) => Cell::Measured {
            samples: vec![resident as f64 / tasks as f64],
            heap: Some(heap as f64 / tasks as f64),
        },
        Ok(other) => Cell::Fails(format!("answered {other:?}")),
        Err(cause) => Cell::Fails(cause),
    }
}

impl Cell {
    /// Returns the middle one of the samples.
    pub(crate) fn median(&self) -> Option<f64> {
        match self {
            Self::Measured { samples, .. } => median(samples.clone()),
            Self::Fails(_) => None,
        }
    }

    /// Returns the median, over the rounds, of this contender's value divided by the other's in the
    /// same round: what drifts from round to round cancels out.
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
