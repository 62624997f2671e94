//! The rounds of a measurement. In each round all contenders run one after the other, so that a
//! change of the machine's speed affects them all.

use std::time::Duration;

use quadrivium_bench_protocol::{Bench, ContenderOrder, Sample};
use serde::{Deserialize, Serialize};

use crate::{
    child::ContenderProcess,
    numbers::{Column, MeasuredColumn, Sampled},
    profile::{Group, Profile},
    system_calls,
};

/// From this number of tasks on, a process makes one sample only, so that the idle processes do not
/// fill the memory.
const MANY: usize = 1_000_000;

/// How carefully everything is measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Care {
    /// The number of rounds for each column.
    pub rounds: usize,
    /// The number of rounds where a sample takes a process of its own, or seconds.
    pub long_rounds: usize,
    /// How long a sample lasts, where the number of operations can be chosen.
    pub sample: Duration,
}

/// Measures the columns in the same rounds.
pub(crate) fn measure(
    columns: &[Column],
    profiles: &[&Profile],
    care: Care,
) -> Vec<MeasuredColumn> {
    let rounds = match columns.iter().copied().find(|&column| is_long(column)) {
        // Readings of the memory differ by less than a percent.
        Some(Column { bench: Bench::Memory, .. }) => 1,
        Some(_) => care.long_rounds,
        None => care.rounds,
    };
    let mut runners: Vec<_> =
        profiles.iter().map(|profile| Runner::start(profile, columns, care.sample)).collect();
    for _ in 0..rounds {
        runners.iter_mut().for_each(|runner| runner.round(columns));
    }
    runners.iter_mut().for_each(|runner| runner.count_resources(columns));
    let cells = |index: usize| {
        let cell = |runner: &Runner<'_>| runner.cell(index);
        runners.iter().map(cell).collect()
    };
    columns
        .iter()
        .enumerate()
        .map(|(index, &column)| MeasuredColumn { column, cells: cells(index) })
        .collect()
}

/// A contender in the rounds.
struct Runner<'a> {
    profile: &'a Profile,
    /// The process, or why there is none.
    process: Result<Option<ContenderProcess>, String>,
    columns: Vec<Progress>,
}

/// One column of a runner.
#[derive(Clone, Debug, Default)]
struct Progress {
    times: u64,
    samples: Vec<Sample>,
    allocations: Option<f64>,
    system_calls: Option<f64>,
}

impl<'a> Runner<'a> {
    fn start(profile: &'a Profile, columns: &[Column], sample: Duration) -> Self {
        let mut runner =
            Self { profile, process: Ok(None), columns: vec![Progress::default(); columns.len()] };
        for (index, &column) in columns.iter().enumerate() {
            match runner.find_times(column, sample) {
                Ok(times) => runner.columns[index].times = times,
                Err(cause) => runner.process = Err(cause),
            }
        }
        runner
    }

    /// Finds how many repetitions fill a sample. This warms the contender up, too.
    fn find_times(&mut self, column: Column, sample: Duration) -> Result<u64, String> {
        if let Some(times) = fixed_times(column) {
            return Ok(times);
        }
        let due = sample.as_nanos() as f64;
        let mut times = 1;
        loop {
            let ns = self.carry_out(column, times, false)?.elapsed_ns as f64;
            if ns > due * 0.75 {
                return Ok(times);
            }
            // A short trial is imprecise, so the number grows by a factor of at most 100.
            let factor = (due / ns.max(1.0)).clamp(1.0, 100.0);
            times = (times as f64 * factor).ceil() as u64;
        }
    }

    fn round(&mut self, columns: &[Column]) {
        for (index, &column) in columns.iter().enumerate() {
            match self.carry_out(column, self.columns[index].times, false) {
                Ok(sample) => self.columns[index].samples.push(sample),
                // This ends the process, because a hung process would slow the others down.
                Err(cause) => self.process = Err(cause),
            }
        }
    }

    /// Counts the allocations and system calls of an operation. Two orders differ in the number of
    /// operations only, so the difference belongs to the operations.
    fn count_resources(&mut self, columns: &[Column]) {
        for (index, &column) in columns.iter().enumerate() {
            if !is_counted(column) {
                continue;
            }
            let (few, many) = (1_000, 3_000);
            let mut allocations =
                |times| self.carry_out(column, times, true)?.allocations.ok_or(String::new());
            let counted = allocations(few).and_then(|few| Ok((few, allocations(many)?)));
            let per_operation =
                |before: u64, after: u64| (after as f64 - before as f64) / (many - few) as f64;
            self.columns[index].allocations =
                counted.ok().map(|(few, many)| per_operation(few, many));
            if self.profile.group == Group::Ours {
                let counted = system_calls::of(self.profile, column, few)
                    .and_then(|few| Some((few, system_calls::of(self.profile, column, many)?)));
                self.columns[index].system_calls =
                    counted.map(|(few, many)| per_operation(few, many));
            }
        }
    }

    /// Sends an order. A process that made a long sample is not used again.
    fn carry_out(&mut self, column: Column, times: u64, counts: bool) -> Result<Sample, String> {
        let process = self.process.as_mut().map_err(|cause| cause.clone())?;
        let mut used = match process.take() {
            Some(running) => running,
            None => ContenderProcess::start(&mut self.profile.command())?,
        };
        let Column { bench, n } = column;
        let sample =
            used.carry_out(ContenderOrder { bench, n, times, counts_allocations: counts })?;
        if !is_long(column) {
            *process = Some(used);
        }
        Ok(sample)
    }

    fn cell(&self, index: usize) -> (String, Sampled) {
        let Progress { samples, allocations, system_calls, .. } = self.columns[index].clone();
        let cell = match &self.process {
            Err(cause) => Sampled::Fails(cause.clone()),
            Ok(_) => Sampled::Measured { samples, allocations, system_calls },
        };
        (self.profile.name.clone(), cell)
    }
}

/// Returns whether a sample takes a new process.
fn is_long(column: Column) -> bool {
    matches!(column.bench, Bench::Timers | Bench::Memory) || column.n >= MANY
}

/// Returns whether allocations and system calls are counted.
fn is_counted(Column { bench, n }: Column) -> bool {
    matches!(bench, Bench::RoundTrip | Bench::Stream | Bench::Timeout)
        || (bench == Bench::Turn && n == 1)
}

/// Returns the number of repetitions where it is not chosen by time.
fn fixed_times(Column { bench, n }: Column) -> Option<u64> {
    match bench {
        Bench::Memory | Bench::Timers => Some(1),
        Bench::Wake => Some(1_000),
        Bench::WakeStorm => Some(100_000),
        Bench::Latency => Some(10_000),
        Bench::Turn if n >= MANY => Some(3),
        _ if n >= MANY => Some(1),
        _ => None,
    }
}
