//! The `quadrivium` command: a simultaneous exhibition in four styles, and what each costs; and servers.
//!
//! In reading order: `args` is what can be asked; `plan` decides what is run; `exhibition` is what
//! is played; `report` has it run. `measure` does so on a loop, `children` without one, in
//! processes that run `answer`. `page` is the result for people, made of `table` and `timeline`;
//! `json` the one for machines. `serve` is apart from all that: the servers.

#![forbid(unsafe_code)]

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::Parser;

mod answer;
mod args;
mod children;
mod exhibition;
mod json;
mod measure;
mod page;
mod plan;
mod proc;
mod progress;
mod report;
mod serve;
mod table;
mod text;
mod timeline;

use crate::{
    args::{Cli, Command, Exhibition},
    plan::Plan,
    report::Report,
    timeline::Frame,
};

/// The command line makes no sense.
const MISUSED: u8 = 2;

/// Width of the page if standard output is no terminal.
const USUAL_WIDTH: usize = 80;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return misused(&args::one_line(&error)),
        // The help was asked for, or the version.
        Err(page) => return ended(page.print()),
    };
    match cli.command {
        None => exhibition(&cli.exhibition),
        Some(Command::Exhibition(asked)) => exhibition(&asked),
        Some(Command::Serve(asked)) => match serve::serve(&asked) {
            Ok(()) => ExitCode::SUCCESS,
            Err(line) => {
                complain(&format!("error: {line}"));
                ExitCode::FAILURE
            }
        },
        Some(Command::Answer) => ended(answer::serve()),
    }
}

fn exhibition(asked: &Exhibition) -> ExitCode {
    let plan = match Plan::new(asked) {
        Ok(plan) => plan,
        Err(line) => return misused(&format!("error: {line}")),
    };
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
    let width = width.unwrap_or(USUAL_WIDTH);
    let frame = Frame::fitting(&plan.rules, width);
    let report = report::run(plan, frame);
    let printed = print(&report, asked.json, width);
    let failures = report.failures();
    for failure in &failures {
        complain(&format!("error: {failure}"));
    }
    if failures.is_empty() { ended(printed) } else { ExitCode::FAILURE }
}

fn print(report: &Report, as_json: bool, width: usize) -> io::Result<()> {
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

fn misused(line: &str) -> ExitCode {
    complain(line);
    ExitCode::from(MISUSED)
}

fn ended(printed: io::Result<()>) -> ExitCode {
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads has read enough, as in `quadrivium | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn complain(line: &str) {
    // If standard error is closed, nobody wants to know.
    let _ = writeln!(io::stderr(), "{line}");
}
