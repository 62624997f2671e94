//! `run` as callbacks.

use std::{convert::Infallible, io};

use quadrivium::{
    fs::File,
    io::PipeReader,
    prelude::*,
    process::Child,
    signal::Signal,
    sync::channel::{Receiver, Sender},
    task::Either,
};

use super::{
    job::{Ended, Forwarders, Job},
    lines::{BUFFER, PrefixedLines},
};

pub fn run(job: Job, output: Sender<Vec<u8>>) -> impl Task<Output = Ended> {
    callback(move |cb| {
        // 1. Start the command.
        let mut child = match job.start() {
            Ok(child) => child,
            Err(error) => return cb.done(Ended::Failed(error)),
        };

        // 2. Forward both its outputs, each in a task of its own.
        let forwarders = Forwarders::new();
        let out = PrefixedLines::new(format!("{}: ", job.number));
        let err = PrefixedLines::new(format!("{}! ", job.number));
        let out =
            child.stdout.take().map(|it| forward(it, out, output.clone()));
        let err = child.stderr.take().map(|it| forward(it, err, output));
        let both = [out, err].into_iter().flatten();
        both.for_each(|it| forwarders.spawn(it));

        // 3. Wait until it ends, but not longer than the limit.
        let wait = race(child.wait(), job.limit());
        cb.perform(wait, move |cb, ended| match ended {
            Either::Left(it) => {
                finish_output(cb, job, forwarders, Ended::new(it, true))
            }
            Either::Right(_) => terminate(cb, job, child, forwarders),
        })
    })
}

fn terminate(
    cb: &mut Callback<Ended>,
    job: Job,
    mut child: Child,
    forwarders: Forwarders,
) {
    // 4. Ask it to end, and wait for the grace period.
    let _ = child.signal_group(Signal::Terminate);
    let wait = timeout(job.limits.grace, child.wait());
    cb.perform(wait, move |cb, status| match status {
        Ok(status) => {
            finish_output(cb, job, forwarders, Ended::new(status, false))
        }
        Err(_) => {
            // 5. Kill it.
            let _ = child.signal_group(Signal::Kill);
            cb.perform(child.wait(), move |cb, status| {
                finish_output(cb, job, forwarders, Ended::new(status, false))
            })
        }
    })
}

fn finish_output(
    cb: &mut Callback<Ended>,
    job: Job,
    forwarders: Forwarders,
    ended: Ended,
) {
    // 6. Wait for the rest of its output, for the grace period.
    forwarders.deadline_in(job.limits.grace);
    cb.perform(forwarders.join(), move |cb, _| cb.done(ended))
}

fn forward(
    from: PipeReader,
    lines: PrefixedLines,
    output: Sender<Vec<u8>>,
) -> impl Task<Output = Result<(), Infallible>> {
    callback(move |cb| forward_next(cb, from, lines, output, vec![0; BUFFER]))
}

fn forward_next(
    cb: &mut Callback<Result<(), Infallible>>,
    from: PipeReader,
    mut lines: PrefixedLines,
    output: Sender<Vec<u8>>,
    buffer: Vec<u8>,
) {
    // a. Read the next bytes, until the end.
    cb.perform(from.read_owned(buffer), move |cb, (n, buffer)| {
        let n = n.unwrap_or(0);
        let line = match n {
            0 => lines.end(),
            n => lines.take(&buffer[..n]),
        };
        let Some(line) = line else {
            return match n {
                0 => cb.done(Ok(())),
                _ => forward_next(cb, from, lines, output, buffer),
            };
        };

        // b. Send them on, line by line.
        cb.perform(output.send(line), move |cb, sent| match (sent, n) {
            (Err(_), _) | (_, 0) => cb.done(Ok(())),
            (Ok(()), _) => forward_next(cb, from, lines, output, buffer),
        })
    })
}

pub fn print(
    lines: Receiver<Vec<u8>>,
    to: File,
) -> impl Task<Output = io::Result<()>> {
    callback(move |cb| print_next(cb, lines, to))
}

fn print_next(
    cb: &mut Callback<io::Result<()>>,
    lines: Receiver<Vec<u8>>,
    to: File,
) {
    cb.perform(lines.recv(), move |cb, line| {
        let Ok(line) = line else { return cb.done(Ok(())) };

        // 7. Write each line.
        cb.perform(to.write_all_owned(line), move |cb, (written, _)| {
            match written {
                Ok(()) => print_next(cb, lines, to),
                Err(error) => cb.done(Err(error)),
            }
        })
    })
}
