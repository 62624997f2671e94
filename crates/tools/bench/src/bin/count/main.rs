//! `count`: how many instructions an operation takes, in each style, and where they are spent.
//!
//! ```text
//!   main: what is asked for ──► counting: a process under callgrind, twice ──► profile: read its file
//!     │                                        │                                      │
//!     ▼                                        ▼                                      ▼
//!   page: docs/instructions.md          programs: the operation, n times       Count: by floor
//! ```
//!
//! Callgrind counts what the processor is told to do. It sees neither the kernel nor a cache, and the
//! same program gives the same number on a busy machine. So a number that has grown is a change of
//! the code, and `--check` can say so.
#![forbid(unsafe_code)]

mod counting;
mod page;
mod profile;
mod programs;

use std::{fs, process::ExitCode};

use clap::Parser;

use crate::{page::Page, programs::Program};

/// Counts the instructions of a turn, a spawn, a channel, a timer, a timeout and a socket read, in
/// each style.
///
/// It needs valgrind, and takes a minute on two cores. Without an option it prints the table.
#[derive(Debug, Parser)]
#[command(name = "count", version, max_term_width = 100)]
struct Options {
    /// Writes the table to docs/instructions.md
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Fails when an operation takes over 5 % more instructions than docs/instructions.md says
    #[arg(long)]
    check: bool,
    /// Runs one program, for callgrind to count
    #[arg(long, hide = true, num_args = 2, value_names = ["PROGRAM", "TIMES"])]
    run: Vec<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.run[..] {
        [program, times] => run(program, times),
        _ => count(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The life of a process under callgrind.
fn run(program: &str, times: &str) -> Result<(), String> {
    let program = Program::all().find(|known| known.to_string() == program);
    let times = times.parse().map_err(|error| format!("TIMES: {error}"))?;
    program.ok_or("there is no such program")?.run(times);
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
