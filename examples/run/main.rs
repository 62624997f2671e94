//! `run`: starts many commands at once and shows what they write, as it comes.
//!
//! New idea: child processes. Their outputs are read like sockets, their ends
//! are waited for like tasks, so one thread looks after hundreds of them.
//!
//! For each command the program
//! 1. starts it, with a shell, with nothing to read,
//! 2. passes on both its outputs, each in a task of its own, which
//!    a. reads what there is, until the end,
//!    b. and passes it on line by line,
//! 3. waits until it has ended, for so long (`--limit`, 10 s), or until the
//!    program itself is asked to end (Ctrl-C, SIGTERM),
//! 4. then asks it to end, and waits a while (`--grace`, 1 s),
//! 5. then kills it,
//! 6. and waits for what it has still to say, as long.
//!
//! What the commands say goes through one channel to one task that
//! 7. writes it, so a slow reader of ours slows the commands down, and nothing
//!    piles up.
//!
//! A line has the number of its command in front, and `!` if it was written to
//! standard error. One longer than 64 KiB is cut in pieces. Bytes are passed on
//! as they are. In the end the program says how each command ended, and its own
//! exit code is 1 if one did not succeed that was asked for.
//!
//! ```sh
//! run --limit 5 'ping -c 3 localhost' 'make -C there' # these commands
//! run - < commands                                    # one a line
//! run                                                 # something to see
//! ```

use std::{error::Error, fs, io, os::fd::AsFd, process::ExitCode};

use quadrivium::{
    fs::File,
    prelude::*,
    signal::{Signal, Signals, is_ignored},
    sync::{Notify, channel},
};
use quadrivium_examples::styles::Style;

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

/// As many lines are on their way at once.
const LINES: usize = 16;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("run: {message}");
            return ExitCode::from(2);
        }
    };
    // What there is to see ends in all sorts of ways.
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

/// Our standard output, as a file that no task blocks on.
fn stdout() -> io::Result<File> {
    let own = io::stdout().as_fd().try_clone_to_owned()?;
    Ok(File::from_std(fs::File::from(own)))
}

/// Whether all commands succeeded.
fn run(arguments: Arguments, out: File) -> Result<bool, Box<dyn Error>> {
    let Arguments { style, limits, commands, .. } = arguments;
    let mut event_loop = EventLoop::new()?;
    // One that is ignored from the start stays ignored.
    let stops = [Signal::Interrupt, Signal::Terminate].into_iter();
    let signals = Signals::new(stops.filter(|it| !is_ignored(*it)))?;
    let stop = Notify::new();
    let jobs = commands.into_iter().zip(1..).map(|(command, number)| {
        let stop = stop.clone();
        Job { number, command, limits, stop }
    });
    let jobs: Vec<_> = jobs.collect();
    let (say, said) = channel::bounded(LINES);
    let ends = jobs.iter().cloned().map(|job| match style {
        Style::Callback => event_loop.spawn(callback::run(job, say.clone())),
        Style::Generator => event_loop.spawn(generator::run(job, say.clone())),
        Style::Future => event_loop.spawn(future::run(job, say.clone())),
        Style::Green => event_loop.spawn(green::run(job, say.clone())),
    });
    let ends = join_all(ends.collect::<Vec<_>>());
    drop(say);
    let to = out.clone();
    let prints = match style {
        Style::Callback => event_loop.spawn(callback::print(said, to)),
        Style::Generator => event_loop.spawn(generator::print(said, to)),
        Style::Future => event_loop.spawn(future::print(said, to)),
        Style::Green => event_loop.spawn(green::print(said, to)),
    };
    let stops = event_loop.spawn(job::stop_all(signals, stop));
    let (ends, printed) = event_loop.block_on(join(ends, prints))?;
    stops.cancel();
    printed??;
    let ends = ends.into_iter().collect::<Result<Vec<Ended>, _>>()?;
    let summary: String = jobs.iter().zip(&ends).map(job::summary).collect();
    let (written, _) = event_loop.block_on(out.write_all_owned(summary))?;
    written?;
    Ok(ends.iter().all(Ended::is_success))
}
