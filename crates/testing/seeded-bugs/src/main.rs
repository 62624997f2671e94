//! Plants bugs in a copy of the workspace, one at a time, and records which laws find them.
//!
//! ```text
//!   bugs: data ── plant ──► scratch: a copy ── build ──► suite ── failures ──► findings ──► page
//!                              ▲                                                  │
//!                              └──────────────── un-plant, the next ──────────────┘
//! ```
//!
//! In reading order: `bugs` has the bugs, and `scratch` the copy in which they are planted. `suite`
//! runs the laws in a `process` with a time limit. `finding` is the result of one bug, and `page`
//! the table of all results.

#![forbid(unsafe_code)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

mod bugs;
mod finding;
mod page;
mod process;
mod scratch;
mod suite;

use crate::{bugs::Bug, finding::Finding, scratch::Scratch};

/// The page with the table of all bugs.
const PAGE: &str = "docs/seeded-bugs.md";

/// Seeded bugs: they show that the laws find bugs.
///
/// Copies the workspace, plants one bug at a time and runs the laws, which must find it. Without a
/// name it plants all bugs and writes docs/seeded-bugs.md. This takes three quarters of an hour.
/// With names it plants these bugs and prints their lines of that page.
#[derive(Debug, Parser)]
#[command(name = "quadrivium-seeded-bugs", max_term_width = 100)]
struct Cli {
    /// Plants only the bugs whose names contain one of these words
    names: Vec<String>,

    /// Checks only that each bug still applies in exactly one place, and builds nothing
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), String> {
    if let Some(name) = cli.names.iter().find(|name| !bugs::all().any(|bug| bug.is_named(name))) {
        return Err(format!(
            "no bug has {name:?} in its name: leave the name out to plant all bugs"
        ));
    }
    let is_wanted = |bug: &&Bug| cli.names.iter().any(|name| bug.is_named(name));
    let chosen: Vec<_> = bugs::all().filter(|bug| cli.names.is_empty() || is_wanted(bug)).collect();
    check(&root(), &chosen)?;
    if cli.check {
        eprintln!("each of {} bugs applies in exactly one place", chosen.len());
        return Ok(());
    }
    let findings = find(&chosen)?;
    if cli.names.is_empty() {
        let page = page::page(&findings);
        fs::write(root().join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))?;
    } else {
        print!("{}", page::table(&findings));
    }
    verdict(&findings)
}

/// Returns the root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Checks that each bug applies to the present sources.
fn check(root: &Path, bugs: &[&Bug]) -> Result<(), String> {
    let apply = |bug: &&Bug| {
        let text = fs::read_to_string(root.join(bug.file)).map_err(|error| error.to_string());
        let planted = text.and_then(|text| bug.plant(&text));
        planted.err().map(|error| format!("{}, in {}: {error}", bug.name, bug.file))
    };
    let errors: Vec<_> = bugs.iter().filter_map(apply).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n       ")) }
}

/// Runs the laws without a bug, and then with each of these bugs.
fn find<'a>(bugs: &[&'a Bug]) -> Result<Vec<Finding<'a>>, String> {
    let scratch = Scratch::new(&root()).map_err(|error| format!("cannot copy: {error}"))?;
    eprintln!("no bug");
    let clean = suite::build(&scratch)?.run();
    if !clean.is_clean() {
        return Err(format!("the laws do not hold without a bug: {clean:?}"));
    }
    let find = |(i, bug): (usize, &&'a Bug)| {
        eprint!("{} of {}: {}: ", i + 1, bugs.len(), bug.name);
        let planted = scratch.plant(bug)?;
        let finding =
            Finding { bug, built: suite::build(&scratch).map(|suite| suite.for_bug(bug).run()) };
        drop(planted);
        eprintln!("{finding}");
        Ok(finding)
    };
    bugs.iter().enumerate().map(find).collect()
}

/// Returns an error when no law has found a bug, or a bug could not be planted.
fn verdict(findings: &[Finding<'_>]) -> Result<(), String> {
    let survives = |finding: &&Finding<'_>| !finding.is_killed();
    let lines: Vec<_> = findings.iter().filter(survives).map(Finding::complaint).collect();
    if lines.is_empty() { Ok(()) } else { Err(lines.join("\n       ")) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn each_bug_applies_in_exactly_one_place() {
        let all: Vec<_> = bugs::all().collect();
        check(&root(), &all).unwrap();
    }
}
