//! `run`: starts many commands at once, and shows their outputs line by line.
//!
//! New idea: child processes. The outputs of a command are read like sockets,
//! and its end is awaited like the end of a task. So one thread takes care of
//! hundreds of commands.
//!
//! For each command the program
//! 1. starts the command, with a shell and without an input,
//! 2. forwards both its outputs, each in a task of its own, which
//!    a. reads the next bytes, until the end,
//!    b. sends them on, line by line,
//! 3. waits until it ends, but not longer than the limit (`--limit`, 10 s), nor
//!    after the program itself was asked to end (Ctrl-C, SIGTERM),
//! 4. asks it to end, and waits for the grace period (`--grace`, 1 s),
//! 5. kills it, if it still runs,
//! 6. waits for the rest of its output, for the grace period.
//!
//! The lines of all commands go through one channel to one task, which
//! 7. writes each line. If our output is read slowly, the channel is full, and
//!    the commands have to wait, so that lines do not pile up.
//!
//! Each line begins with the number of its command. After the number comes `:`
//! for standard output, `!` for standard error, and `=` for the way in which
//! the command ended. Lines longer than 64 KiB are cut. The bytes are not
//! changed. The exit code of the program is 1 if a command has failed, but not
//! in the demonstration, whose commands fail on purpose.
//!
//! ```sh
//! run --limit 5 'ping -c 3 localhost' 'make -C there' # these commands
//! run - < commands                                    # one on each line
//! run                                                 # a demonstration
//! ```

use std::{error::Error, fs, io, os::fd::AsFd, process::ExitCode};

use quadrivium::{
    fs::File,
    prelude::*,
    signal::{Signal, Signals, is_ignored},
    sync::{Notify, channel},
};
use quadrivium_examples::styles::StyleName;

mod arguments;
mod callback;
mod future;
mod generator;
mod green;
mod job;
mod lines;
#[cfg(test)]
mod tests;

use crate::{
    arguments::Arguments,
    job::{Ended, Job},
};

/// The capacity of the channel, in messages of one or more lines.
const CAPACITY: usize = 16;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("run: {message}");
            return ExitCode::from(2);
        }
    };
    // Some commands of the demonstration fail.
    let may_fail = arguments.is_demonstration;
    match stdout().map_err(Into::into).and_then(|out| run(arguments, out)) {
        Ok(succeeded) if succeeded || may_fail => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("run: {error}");
            ExitCode::from(2)
        }
    }
}

/// Returns our standard output, as a file on which no task blocks.
fn stdout() -> io::Result<File> {
    let own = io::stdout().as_fd().try_clone_to_owned()?;
    Ok(File::from_std(fs::File::from(own)))
}

/// Runs the commands. Returns whether all of them succeeded.
fn run(arguments: Arguments, out: File) -> Result<bool, Box<dyn Error>> {
    let Arguments { style, limits, commands, .. } = arguments;
    let mut event_loop = EventLoop::new()?;
    // A signal that is ignored at the start stays ignored.
    let stops = [Signal::Interrupt, Signal::Terminate].into_iter();
    let signals = Signals::new(stops.filter(|it| !is_ignored(*it)))?;
    let stop = Notify::new();
    let jobs = commands.into_iter().zip(1..).map(|(command, number)| {
        let stop = stop.clone();
        Job { number, command, limits, stop }
    });
    let jobs: Vec<_> = jobs.collect();
    let (output, lines) = channel::bounded(CAPACITY);
    let ends = jobs.iter().cloned().map(|job| match style {
        StyleName::Callback => {
            event_loop.spawn(callback::run(job, output.clone()))
        }
        StyleName::Generator => {
            event_loop.spawn(generator::run(job, output.clone()))
        }
        StyleName::Future => event_loop.spawn(future::run(job, output.clone())),
        StyleName::Green => event_loop.spawn(green::run(job, output.clone())),
    });
    let ends = join_all(ends.collect::<Vec<_>>());
    drop(output);
    let to = out.clone();
    let printing = match style {
        StyleName::Callback => event_loop.spawn(callback::print(lines, to)),
        StyleName::Generator => event_loop.spawn(generator::print(lines, to)),
        StyleName::Future => event_loop.spawn(future::print(lines, to)),
        StyleName::Green => event_loop.spawn(green::print(lines, to)),
    };
    let stops = event_loop.spawn(job::stop_all(signals, stop));
    let (ends, printed) = event_loop.block_on(join(ends, printing))?;
    stops.cancel();
    printed??;
    let ends = ends.into_iter().collect::<Result<Vec<Ended>, _>>()?;
    let summary: String = jobs.iter().zip(&ends).map(job::summary).collect();
    let (written, _) = event_loop.block_on(out.write_all_owned(summary))?;
    written?;
    Ok(ends.iter().all(Ended::is_success))
}
