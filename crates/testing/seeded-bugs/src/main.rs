//! Plants bugs in a copy of the workspace, one at a time, and writes down which laws see them.
//!
//! ```text
//!   bugs: data ── plant ──► scratch: a copy ── build ──► suite ── failures ──► findings ──► page
//!                              ▲                                                  │
//!                              └──────────────── un-plant, the next ──────────────┘
//! ```
//!
//! In reading order: `bugs` is what is planted; `scratch` is where; `suite` runs the laws, in a
//! `process` that ends; `finding` is what came of one bug; `page` is the table of all.

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

/// Where the table of all bugs goes.
const PAGE: &str = "docs/seeded-bugs.md";

/// Seeded bugs: proof that the suite bites.
///
/// Copies the workspace, plants one bug at a time and runs the laws, which must see it. Without a
/// name it writes docs/seeded-bugs.md, which takes over half an hour; with some it prints their
/// lines of that page.
#[derive(Debug, Parser)]
#[command(name = "quadrivium-seeded-bugs", max_term_width = 100)]
struct Cli {
    /// Plants only the bugs whose name contains one of these
    names: Vec<String>,

    /// Only looks whether each bug still applies in exactly one place; builds nothing
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
    if let Some(name) = cli.names.iter().find(|name| !bugs::all().any(|bug| bug.is_called(name))) {
        return Err(format!("no bug has {name:?} in its name: leave it out for all of them"));
    }
    let is_wanted = |bug: &&Bug| cli.names.iter().any(|name| bug.is_called(name));
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

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Whether each bug applies to the sources as they are.
fn check(root: &Path, bugs: &[&Bug]) -> Result<(), String> {
    let apply = |bug: &&Bug| {
        let text = fs::read_to_string(root.join(bug.file)).map_err(|error| error.to_string());
        let planted = text.and_then(|text| bug.plant(&text));
        planted.err().map(|error| format!("{}, in {}: {error}", bug.name, bug.file))
    };
    let rotted: Vec<_> = bugs.iter().filter_map(apply).collect();
    if rotted.is_empty() { Ok(()) } else { Err(rotted.join("\n       ")) }
}

/// Runs the laws without a bug, and then with each of these.
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
            Finding { bug, built: suite::build(&scratch).map(|suite| suite.of(bug).run()) };
        drop(planted);
        eprintln!("{finding}");
        Ok(finding)
    };
    bugs.iter().enumerate().map(find).collect()
}

/// An error when a bug has been seen by no law, or could not be planted.
fn verdict(findings: &[Finding<'_>]) -> Result<(), String> {
    let lives = |finding: &&Finding<'_>| !finding.is_killed();
    let lines: Vec<_> = findings.iter().filter(lives).map(Finding::complaint).collect();
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
