//! `run` as generators.

use std::{convert::Infallible, io};

use quadrivium::{
    fs::File,
    io::PipeReader,
    prelude::*,
    signal::Signal,
    sync::channel::{Receiver, Sender},
    task::Either,
};

use super::{
    job::{Ended, Forwarders, Job},
    lines::{BUFFER, PrefixedLines},
};

pub fn run(job: Job, output: Sender<Vec<u8>>) -> impl Task<Output = Ended> {
    generator(move |mut co| async move {
        // 1. Start the command.
        let mut child = match job.start() {
            Ok(child) => child,
            Err(error) => return Ended::Failed(error),
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
        let ended = match co.perform(wait).await {
            Either::Left(status) => Ended::new(status, true),
            Either::Right(_) => {
                // 4. Ask it to end, and wait for the grace period.
                let _ = child.signal_group(Signal::Terminate);
                let wait = timeout(job.limits.grace, child.wait());
                match co.perform(wait).await {
                    Ok(status) => Ended::new(status, false),
                    Err(_) => {
                        // 5. Kill it.
                        let _ = child.signal_group(Signal::Kill);
                        let wait = child.wait();
                        Ended::new(co.perform(wait).await, false)
                    }
                }
            }
        };

        // 6. Wait for the rest of its output, for the grace period.
        forwarders.deadline_in(job.limits.grace);
        let rest = forwarders.join();
        let _ = co.perform(rest).await;
        ended
    })
}

fn forward(
    from: PipeReader,
    mut lines: PrefixedLines,
    output: Sender<Vec<u8>>,
) -> impl Task<Output = Result<(), Infallible>> {
    generator(move |mut co| async move {
        let mut buffer = vec![0; BUFFER];
        loop {
            // a. Read the next bytes, until the end.
            let read = from.read(&mut buffer);
            let n = co.perform(read).await.unwrap_or(0);
            let line = match n {
                0 => lines.end(),
                n => lines.take(&buffer[..n]),
            };

            // b. Send them on, line by line.
            if let Some(line) = line {
                let send = output.send(line);
                if co.perform(send).await.is_err() {
                    return Ok(());
                }
            }
            if n == 0 {
                return Ok(());
            }
        }
    })
}

pub fn print(
    lines: Receiver<Vec<u8>>,
    to: File,
) -> impl Task<Output = io::Result<()>> {
    generator(move |mut co| async move {
        while let Ok(line) = co.perform(lines.recv()).await {
            // 7. Write each line.
            let write = to.write_all_owned(line);
            co.perform(write).await.0?;
        }
        Ok(())
    })
}
