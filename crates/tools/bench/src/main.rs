//! `quadrivium-bench`: measures the cost of a turn, a spawn and a suspended task. It compares the
//! four styles with bare limits and with other schedulers, the peers.
#![deny(unsafe_code)]

mod child;
mod contenders;
mod heap;
mod computer;
mod measure;
mod memory;
mod report;
mod stopwatch;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use serde::Serialize;

use crate::{
    computer::Computer,
    contenders::Profile,
    measure::{Care, Measurement, Numbers, measure},
};

/// Measures the cost of a turn, a spawn and a suspended task.
#[derive(Debug, Parser)]
#[command(name = "quadrivium-bench", version)]
struct Options {
    /// The measurements, in this order [default: all]
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
    /// Numbers of tasks [default: 1,10,1000,100000; for memory 100000,1000000]
    #[arg(
        long, value_delimiter = ',', value_name = "N,…",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000),
    )]
    tasks: Vec<u32>,
    /// Names of contenders, as in the tables, separated by semicolons [default: all]
    #[arg(long, value_delimiter = ';', value_name = "NAME;…", value_parser = name)]
    only: Vec<String>,
    /// Names of contenders to compare with, separated by semicolons
    #[arg(
        long, value_delimiter = ';', value_name = "NAME;…", value_parser = name,
        default_value = "tokio",
    )]
    against: Vec<String>,
    /// Rounds per column [default: 9]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    samples: Option<u16>,
    /// Runs for seconds only, to check that everything works. The numbers mean little
    #[arg(long)]
    quick: bool,
    /// Prints every sample, in JSON
    #[arg(long)]
    json: bool,
    /// Serves a contender to the parent process
    #[arg(long, hide = true, value_parser = name)]
    serve: Option<String>,
}

/// The document that `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    machine: Computer,
    care: Care,
    tables: Vec<Numbers>,
}

fn main() -> ExitCode {
    match Options::try_parse() {
        Ok(options) => run(&options),
        Err(message) if !message.use_stderr() => {
            print!("{message}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            // The first paragraph has the cause and the remedy. It is printed as one line.
            let error = error.to_string();
            let lines = error.lines().take_while(|line| !line.is_empty()).map(str::trim);
            eprintln!("{}", lines.collect::<Vec<_>>().join(" "));
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn run(options: &Options) {
    if let Some(name) = &options.serve {
        let named = contenders::all().into_iter().find(|(profile, _)| profile.name == name);
        let (_, contender) = named.expect("clap has checked the name");
        return child::serve(contender.as_ref());
    }
    let machine = Computer::this();
    let tables = options.measurements().into_iter().map(|measurement| {
        measure(measurement, &options.profiles(), &options.columns(measurement), options.care())
    });
    if options.json {
        let report = Report { machine, care: options.care(), tables: tables.collect() };
        println!("{}", serde_json::to_string_pretty(&report).expect("a report has a JSON form"));
        return;
    }
    println!("{machine}");
    for table in tables {
        println!("\n{}", report::text(&table, &options.against, options.care()));
    }
}

impl Options {
    fn measurements(&self) -> Vec<Measurement> {
        match &self.measurements[..] {
            [] => vec![Measurement::Turn, Measurement::Spawn, Measurement::Memory],
            chosen => chosen.to_vec(),
        }
    }

    fn profiles(&self) -> Vec<Profile> {
        let profiles = contenders::all().into_iter().map(|(profile, _)| profile);
        let is_chosen =
            |name| self.only.is_empty() || self.only.iter().any(|chosen| chosen == name);
        profiles.filter(|profile| is_chosen(profile.name)).collect()
    }

    fn columns(&self, measurement: Measurement) -> Vec<usize> {
        if !self.tasks.is_empty() {
            return self.tasks.iter().map(|&tasks| tasks as usize).collect();
        }
        match (measurement, self.quick) {
            (Measurement::Turn | Measurement::Spawn, false) => vec![1, 10, 1_000, 100_000],
            (Measurement::Turn | Measurement::Spawn, true) => vec![1, 1_000],
            (Measurement::Memory, false) => vec![100_000, 1_000_000],
            (Measurement::Memory, true) => vec![10_000],
        }
    }

    fn care(&self) -> Care {
        let (samples, sample_ms) = if self.quick { (3, 3) } else { (9, 30) };
        Care {
            samples: self.samples.map_or(samples, usize::from),
            sample: Duration::from_millis(sample_ms),
        }
    }
}

/// Accepts the name of a contender.
fn name(text: &str) -> Result<String, String> {
    let names: Vec<_> = contenders::all().iter().map(|(profile, _)| profile.name).collect();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("use one of {}", names.join("; ")))
}
