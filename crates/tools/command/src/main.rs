//! The `quadrivium` command. It plays a simultaneous exhibition in four styles and shows the cost
//! of each, and it runs servers.
//!
//! In reading order:
//!
//! - `args` is the command line, and `manual` makes shell completions and manual pages of it.
//! - `plan` decides which runs there are. `exhibition` is the program that every run plays.
//! - `report` carries the plan out. `measure` plays on an event loop. `children` plays without one,
//!   in processes that execute `comparison`.
//! - `page` is the result for people, made of `table` and `timeline`. `json` is the result for
//!   machines.
//! - `serve` starts servers and uses nothing of the above. `trace` shows what the tasks of a small
//!   program do.
//! - `ps` prints the tasks of other processes.
//! - `show` writes the page of a program in four styles.
//! - `blocking` runs the program that probes the standard library.

#![forbid(unsafe_code)]

use std::{
    env,
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::FromArgMatches;
use quadrivium::inspect::SnapshotForm;

mod args;
mod blocking;
mod children;
mod comparison;
mod exhibition;
mod json;
mod manual;
mod measure;
mod names;
mod page;
mod plan;
mod proc;
mod progress;
mod ps;
mod report;
mod serve;
mod show;
mod table;
mod text;
mod timeline;
mod trace;

use crate::{
    args::{Cli, Exhibition, Subcommands},
    plan::Plan,
    report::RunReport,
    timeline::Frame,
};

/// The exit code for a command line that is refused.
const MISUSED: u8 = 2;

/// The width of the page if neither a terminal nor `COLUMNS` gives one.
const USUAL_WIDTH: usize = 80;

fn main() -> ExitCode {
    // Not an argument for people, so clap does not know it.
    if env::args_os().nth(1).is_some_and(|first| first == comparison::ARGUMENT) {
        return exit_code(comparison::play_as_told());
    }
    let parsed = args::command(output_width()).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return refuse(&args::one_line(&error)),
        // Clap returns a help page or the version as an error that is for standard output.
        Err(page) => return exit_code(page.print()),
    };
    match cli.command {
        None => play_exhibition(&cli.exhibition),
        Some(Subcommands::Exhibition(options)) => play_exhibition(&options),
        Some(Subcommands::Serve(options)) => match serve::serve(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(line) => {
                print_error(&format!("error: {line}"));
                ExitCode::FAILURE
            }
        },
        Some(Subcommands::Ps { process, json }) => {
            print_tasks(process, if json { SnapshotForm::Json } else { SnapshotForm::Table })
        }
        Some(Subcommands::Tree { process, json }) => {
            print_tasks(Some(process), if json { SnapshotForm::Json } else { SnapshotForm::Tree })
        }
        Some(Subcommands::Show(options)) => match show::show(&options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(line) => {
                print_error(&format!("error: {line}"));
                ExitCode::FAILURE
            }
        },
        Some(Subcommands::Trace(options)) => match trace::trace(&options) {
            Ok(page) => exit_code(io::stdout().write_all(page.as_bytes())),
            Err(line) => {
                print_error(&format!("error: {line}"));
                ExitCode::FAILURE
            }
        },
        Some(Subcommands::Blocking) => match blocking::print_table() {
            Ok(code) => code,
            Err(line) => {
                print_error(&format!("error: {line}"));
                ExitCode::FAILURE
            }
        },
        Some(Subcommands::Completions { shell }) => exit_code(manual::print_completions(shell)),
        Some(Subcommands::Man { command }) => match manual::page(&command) {
            Ok(page) => exit_code(io::stdout().write_all(&page)),
            Err(line) => refuse(&format!("error: {line}")),
        },
    }
}

fn print_tasks(process: Option<u32>, question: SnapshotForm) -> ExitCode {
    match ps::print(process, question) {
        Ok((text, code)) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => code,
            failed => exit_code(failed),
        },
        Err(line) => {
            print_error(&format!("error: {line}"));
            ExitCode::FAILURE
        }
    }
}

fn play_exhibition(options: &Exhibition) -> ExitCode {
    let plan = match Plan::new(options) {
        Ok(plan) => plan,
        Err(line) => return refuse(&format!("error: {line}")),
    };
    let width = output_width();
    let frame = Frame::fitting(&plan.rules, width);
    let report = report::run(plan, frame);
    let printed = print(&report, options.json, width);
    let failures = report.failures();
    for failure in &failures {
        print_error(&format!("error: {failure}"));
    }
    if failures.is_empty() { exit_code(printed) } else { ExitCode::FAILURE }
}

fn print(report: &RunReport, as_json: bool, width: usize) -> io::Result<()> {
    if as_json {
        return writeln!(io::stdout(), "{}", json::document(report));
    }
    let mut page = page::page(report, width);
    if text::is_ascii_only() {
        page = text::ascii(&page);
    }
    let mut out = anstream::stdout().lock();
    out.write_all(page.as_bytes())?;
    out.flush()
}

/// Returns how many columns standard output has. If it is piped, `COLUMNS` is obeyed.
fn output_width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout());
    let columns = || env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    terminal.map(|(width, _)| width.0.into()).or_else(columns).unwrap_or(USUAL_WIDTH)
}

/// Prints why the command line is refused.
fn refuse(line: &str) -> ExitCode {
    print_error(line);
    ExitCode::from(MISUSED)
}

/// Returns the exit code after an attempt to print.
fn exit_code(printed: io::Result<()>) -> ExitCode {
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has read enough, as in `quadrivium | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&format!("error: cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn print_error(line: &str) {
    // If standard error is closed, the line has no reader.
    let _ = writeln!(io::stderr(), "{line}");
}
