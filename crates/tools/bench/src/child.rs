//! A process for each contender. It reads orders from its standard input and writes answers to its
//! standard output.
//!
//! So no contender inherits the heap, threads or signal handlers of another one. A contender that
//! crashes or hangs loses one cell of the table, and no other contender is affected.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use quadrivium_bench_protocol::{Card, ContenderAnswer, ContenderOrder, Sample};

/// How long an answer may take. A sample takes tens of milliseconds, and suspending a million green
/// threads takes some seconds.
const PATIENCE_S: u32 = 60;
/// How long an answer may take after a panic. A panic on another thread may leave the first thread
/// waiting for ever.
const PATIENCE_AFTER_PANIC_S: u32 = 3;

/// A contender in a process of its own, seen from the parent.
#[derive(Debug)]
pub(crate) struct ContenderProcess {
    process: Child,
    orders: Option<ChildStdin>,
    answers: Receiver<String>,
    errors: Receiver<String>,
    error_lines: Vec<String>,
}

impl ContenderProcess {
    /// Starts a command that serves a contender.
    ///
    /// # Errors
    ///
    /// When the program cannot be run.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let orders = process.stdin.take();
        let answers = lines(process.stdout.take().expect("the output is piped"));
        let errors = lines(process.stderr.take().expect("the errors are piped"));
        Ok(Self { process, orders, answers, errors, error_lines: Vec::new() })
    }

    /// Sends an order and waits for the answer.
    ///
    /// # Errors
    ///
    /// The cause, when the contender failed. It must not be used again.
    pub(crate) fn carry_out(&mut self, order: ContenderOrder) -> Result<Sample, String> {
        let line = serde_json::to_string(&order).expect("an order has a JSON form");
        if let Some(orders) = &mut self.orders {
            // If the child is gone, the missing answer shows it below.
            let _ = writeln!(orders, "{line}");
        }
        let line = self.wait_for_answer()?;
        match serde_json::from_str(&line) {
            Ok(ContenderAnswer::Fails { cause }) => Err(self.with_panic_message(&cause)),
            Ok(ContenderAnswer::Measured(sample)) => Ok(sample),
            Err(error) => Err(format!("the answer cannot be read: {error}")),
        }
    }

    /// Closes the input, so that the process ends, and waits for its end.
    pub(crate) fn end(mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }

    /// Waits for a line. Checks every second whether the child has panicked or takes too long.
    fn wait_for_answer(&mut self) -> Result<String, String> {
        let mut waited_s = 0;
        loop {
            match self.answers.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Timeout) => waited_s += 1,
                Err(RecvTimeoutError::Disconnected) => {
                    let ending = self
                        .process
                        .wait()
                        .map_or_else(|error| error.to_string(), |status| status.to_string());
                    return Err(self.with_panic_message(&ending));
                }
            }
            self.error_lines.extend(self.errors.try_iter());
            let patience_s =
                if self.error_lines.is_empty() { PATIENCE_S } else { PATIENCE_AFTER_PANIC_S };
            if waited_s >= patience_s {
                return Err(self.with_panic_message(&format!("no answer within {patience_s} s")));
            }
        }
    }

    /// Adds the message of a panic, because its consequence alone does not show the cause.
    fn with_panic_message(&mut self, consequence: &str) -> String {
        self.error_lines.extend(self.errors.try_iter());
        let is_message = |line: &&String| {
            let frames = ["thread '", "panicked at ", "note:"];
            !line.is_empty() && !frames.iter().any(|frame| line.starts_with(frame))
        };
        let message = self.error_lines.iter().find(is_message);
        message
            .map_or_else(|| consequence.to_owned(), |message| format!("{message}; {consequence}"))
    }
}

impl Drop for ContenderProcess {
    fn drop(&mut self) {
        // The process may hang or be gone already. Errors have no meaning then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads lines on a thread of their own, so that waiting for a line can have a time limit.
fn lines(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Asks a program for the contenders that it has.
///
/// # Errors
///
/// When the program cannot be run, or prints something else.
pub(crate) fn cards(program: &Path) -> Result<Vec<Card>, String> {
    let output = Command::new(program).arg("--list").output();
    let output = output.map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{}: {error}", output.status))
}
