//! `count`: counts the instructions that an operation takes in each style, and the crates that they
//! belong to.
//!
//! ```text
//!   main: the command line ───► counting: a process under callgrind, twice ──► profile: its file
//!     │                                        │                                      │
//!     ▼                                        ▼                                      ▼
//!   page: docs/instructions.md          programs: the operation, n times       Count: by floor
//! ```
//!
//! Callgrind counts the instructions of a process. It sees neither the kernel nor a cache, and the
//! same program gives the same number on a busy machine. So a number that has grown comes from a
//! change of the code, and `--check` can fail because of it.
#![forbid(unsafe_code)]

mod counting;
mod page;
mod profile;
mod programs;

use std::{fs, process::ExitCode};

use clap::Parser;

use crate::{page::Page, programs::CountedProgram};

/// Counts the instructions of a turn, a spawn, a channel, a timer, a timeout and a socket read, in
/// each style.
///
/// This needs valgrind, and takes a minute on two cores. Without an option it prints the page.
#[derive(Debug, Parser)]
#[command(name = "count", version, max_term_width = 100)]
struct Options {
    /// Writes the page to docs/instructions.md
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Fails when an operation takes over 5 % more instructions than docs/instructions.md says
    #[arg(long)]
    check: bool,
    /// Runs one program, while callgrind counts
    #[arg(long, hide = true, num_args = 2, value_names = ["PROGRAM", "TIMES"])]
    run: Vec<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.run[..] {
        [program, times] => run(program, times),
        _ => count(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a program, in a process under callgrind.
fn run(program: &str, times: &str) -> Result<(), String> {
    let program = CountedProgram::all().find(|known| known.to_string() == program);
    let times = times.parse().map_err(|error| format!("TIMES: {error}"))?;
    program.ok_or("no program has this name")?.run(times);
    Ok(())
}

fn count(options: &Options) -> Result<(), String> {
    let page = Page::new(counting::all()?);
    if options.check {
        let committed = fs::read_to_string(page::path()).map_err(|error| error.to_string())?;
        return page.check(&committed);
    }
    if options.write {
        return fs::write(page::path(), page.to_string()).map_err(|error| error.to_string());
    }
    print!("{page}");
    Ok(())
}
