//! `quadrivium-bench`: measures the four styles beside bare limits and other schedulers, the peers,
//! and compares the figures with the bars that they must keep.
//!
//! ```text
//!   main: the command line ──► profile, peers: the contenders ──► measure: rounds of orders
//!     │                                                             │ child: a process each
//!     ▼                                                             ▼
//!   report, chart, page ◄── bars: limits and verdicts ◄── numbers: samples, medians, ratios
//! ```
#![deny(unsafe_code)]

mod contenders;
mod profile;
mod peers;
mod child;
mod measurement;
mod tables;
mod measure;
mod system_calls;
mod numbers;
mod bars;
mod verdict;
mod report;
mod chart;
mod docs;
mod page;
mod document;
mod computer;

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use quadrivium_bench_protocol::{CountingAllocator, list, serve};

use crate::{
    computer::Computer,
    document::Document,
    measure::{Care, measure},
    measurement::Measurement,
    numbers::{Column, Numbers},
    profile::{Group, Profile, STYLES},
};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Measures the four styles beside bare limits and other schedulers.
#[derive(Debug, Parser)]
#[command(name = "quadrivium-bench", version, max_term_width = 100)]
struct Options {
    /// What to measure [default: all]
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
    /// Measures only what a bar needs, in fewer rounds. All bars take less than five minutes
    #[arg(long)]
    quick: bool,
    /// Prints every sample, in JSON
    #[arg(long)]
    json: bool,
    /// Leaves out the peers, and does not build them
    #[arg(long)]
    no_peers: bool,
    /// Numbers of tasks, parts and timers, instead of the usual ones
    #[arg(
        long, value_delimiter = ',', value_name = "N,…",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000),
    )]
    sizes: Vec<u32>,
    /// Names of contenders, as in the tables, separated by semicolons [default: all]
    #[arg(long, value_delimiter = ';', value_name = "NAME;…")]
    only: Vec<String>,
    /// Names of contenders to compare with, separated by semicolons
    #[arg(long, value_delimiter = ';', value_name = "NAME;…", default_value = "tokio")]
    against: Vec<String>,
    /// Rounds per column [default: 9, or 7 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,
    /// Writes the tables and the charts of docs/costs.md
    #[arg(long)]
    write_docs: bool,
    /// Measures nothing, and reads what `--json` printed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "only", "sizes", "rounds"])]
    from: Option<PathBuf>,
    /// Prints the contenders of this program
    #[arg(long, hide = true)]
    list: bool,
    /// Serves a contender to the parent process
    #[arg(long, hide = true)]
    serve: Option<String>,
}

fn main() -> ExitCode {
    let result = match Options::try_parse() {
        Ok(options) => run(&options),
        Err(message) if !message.use_stderr() => {
            print!("{message}");
            Ok(())
        }
        Err(error) => {
            // The first paragraph has the cause and the remedy. It is printed as one line.
            let error = error.to_string();
            let lines = error.lines().take_while(|line| !line.is_empty()).map(str::trim);
            Err(lines.collect::<Vec<_>>().join(" "))
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if options.list {
        println!("{}", list(&contenders::all()));
        return Ok(());
    }
    if let Some(name) = &options.serve {
        let named = contenders::all().into_iter().find(|contender| contender.name == name);
        serve(&named.ok_or("no contender has this name")?);
        return Ok(());
    }
    let is_silent = options.json;
    let document = match &options.from {
        Some(file) => read(file)?,
        None => run_measurements(options, is_silent)?,
    };
    if options.json {
        println!("{}", serde_json::to_string(&document).expect("a document has a JSON form"));
    } else {
        if options.from.is_some() {
            print_tables(&document, &document.measurements);
        }
        let verdicts = document.verdicts();
        println!("{}\n{}", report::bars(&verdicts).to_text(), report::summary(&verdicts));
    }
    match options.write_docs {
        true => page::write(&document).map_err(|error| error.to_string()),
        false => Ok(()),
    }
}

fn read(file: &PathBuf) -> Result<Document, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Measures, and prints each table when it is complete.
fn run_measurements(options: &Options, is_silent: bool) -> Result<Document, String> {
    let mut profiles = profile::built_in();
    let absent = match options.no_peers {
        true => "--no-peers".to_owned(),
        false => {
            let (peers, failures) = profile::peers();
            failures.iter().for_each(|failure| eprintln!("a peer is missing: {failure}"));
            profiles.extend(peers);
            failures.join("; ")
        }
    };
    let absent = match absent.as_str() {
        "" if !options.only.is_empty() => "--only".to_owned(),
        _ => absent,
    };
    if let Some(name) = options.only.iter().find(|name| !profiles.iter().any(|p| p.name == **name))
    {
        let names: Vec<_> = profiles.iter().map(|profile| profile.name.as_str()).collect();
        return Err(format!("no contender is called {name}: use one of {}", names.join("; ")));
    }
    profiles.retain(|profile| options.only.is_empty() || options.only.contains(&profile.name));
    let mut document = Document {
        machine: Computer::this(),
        care: options.care(),
        is_quick: options.quick,
        chosen_sizes: options.sizes.iter().map(|&n| n as usize).collect(),
        against: options.against.clone(),
        absent,
        measurements: Vec::new(),
        numbers: Numbers { profiles, columns: Vec::new() },
    };
    if !is_silent {
        println!("{}\n", page::wrap(&document.conditions()));
    }
    for measurement in options.measurements() {
        for group in measurement.groups(&document.sizes()) {
            let profiles = document.numbers.profiles.iter();
            let profiles: Vec<_> = profiles
                .filter(|profile| takes_part(profile, measurement, &group, options))
                .collect();
            let columns = measure(&group, &profiles, document.care);
            document.numbers.columns.extend(columns);
        }
        document.measurements.push(measurement);
        if !is_silent {
            print_tables(&document, &[measurement]);
        }
    }
    Ok(document)
}

/// Returns whether a contender is measured.
fn takes_part(
    profile: &Profile,
    measurement: Measurement,
    group: &[Column],
    options: &Options,
) -> bool {
    // A million green threads that sleep need 4 GB and half a minute.
    let is_too_large = |column: &Column| {
        column.bench == quadrivium_bench_protocol::Bench::Timers
            && column.n >= 1_000_000
            && profile.name == "green"
    };
    let can = group.iter().all(|column| profile.benches.contains(&column.bench));
    if !can || group.iter().any(is_too_large) {
        return false;
    }
    let is_in_a_bar = || {
        let bars = bars::all();
        let mut bars = bars.iter().filter(|bar| bar.measurement == measurement);
        bars.any(|bar| bar.contenders().contains(&profile.name.as_str()))
    };
    let is_style = profile.group == Group::Ours && STYLES.contains(&profile.name.as_str());
    !options.quick || !options.only.is_empty() || is_style || is_in_a_bar()
}

fn print_tables(document: &Document, measurements: &[Measurement]) {
    for table in measurements.iter().flat_map(|measured| measured.tables(&document.sizes())) {
        let (cells, notes) = report::table(&table, &document.numbers, &document.against);
        if cells.is_empty() {
            continue;
        }
        println!("{}\n{}", table.title, cells.to_text());
        for (mark, note) in notes.iter().enumerate() {
            println!("[{}] {note}", mark + 1);
        }
        println!("{}", page::wrap(&report::method(&table, &document.numbers, document.care)));
    }
}

impl Options {
    fn measurements(&self) -> Vec<Measurement> {
        if self.measurements.is_empty() || self.measurements.contains(&Measurement::All) {
            return Measurement::EACH.to_vec();
        }
        self.measurements.clone()
    }

    fn care(&self) -> Care {
        let (rounds, long_rounds, sample_ms) = if self.quick { (7, 3, 10) } else { (9, 3, 30) };
        Care {
            rounds: self.rounds.map_or(rounds, usize::from),
            long_rounds,
            sample: Duration::from_millis(sample_ms),
        }
    }
}
