//! A process for each contender. It executes this program again, reads orders from its standard
//! input and writes answers to its standard output.
//!
//! So no contender inherits the heap, threads or signal handlers of another one. A contender that
//! crashes or hangs loses one cell of the table, and no other contender is affected.

use std::{
    io::{BufRead, BufReader, Read, Write, stdin, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{contenders::Contender, memory, stopwatch::Stopwatch};

/// How long an answer may take. A sample takes tens of milliseconds, and suspending a million green
/// threads takes some seconds.
const PATIENCE_S: u32 = 60;
/// How long an answer may take after a panic. A panic on another thread may leave the first thread
/// waiting for ever.
const PATIENCE_AFTER_PANIC_S: u32 = 3;

/// An order to a child.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum ContenderOrder {
    /// Time `turns` turns of each of `tasks` tasks.
    Turn { tasks: usize, turns: u64 },
    /// Time `batches` times spawning and joining `tasks` tasks.
    Spawn { tasks: usize, batches: u64 },
    /// Suspend `tasks` tasks and read the memory. This is the last order of a process.
    Suspend { tasks: usize },
}

/// The answer of a child.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum ContenderAnswer {
    /// The answer to `Turn` and `Spawn`.
    Elapsed { ns: u64 },
    /// The answer to `Suspend`: the bytes that all tasks together added.
    Occupied { resident: u64, heap: u64 },
    /// The answer to any order that failed, with the cause.
    Fails { cause: String },
}

/// A contender in a process of its own, seen from the parent.
#[derive(Debug)]
pub(crate) struct ContenderProcess {
    process: Child,
    orders: ChildStdin,
    answers: Receiver<String>,
    errors: Receiver<String>,
    error_lines: Vec<String>,
}

impl ContenderProcess {
    /// Starts this program again, with orders for the contender of that name.
    pub(crate) fn start(name: &str) -> Self {
        let program = std::env::current_exe().expect("Linux reports the path of a program");
        let mut process = Command::new(program)
            .args(["--serve", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a program that runs can be run again");
        let orders = process.stdin.take().expect("the input is piped");
        let answers = lines(process.stdout.take().expect("the output is piped"));
        let errors = lines(process.stderr.take().expect("the errors are piped"));
        Self { process, orders, answers, errors, error_lines: Vec::new() }
    }

    /// Sends an order and waits for the answer.
    ///
    /// # Errors
    ///
    /// The cause, when the contender failed. It must not be used again.
    pub(crate) fn carry_out(&mut self, order: ContenderOrder) -> Result<ContenderAnswer, String> {
        let line = serde_json::to_string(&order).expect("an order has a JSON form");
        // If the child is gone, the missing answer shows it below.
        let _ = writeln!(self.orders, "{line}");
        let line = self.wait_for_answer()?;
        match serde_json::from_str(&line) {
            Ok(ContenderAnswer::Fails { cause }) => Err(self.with_panic_message(&cause)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(format!("the answer cannot be read: {error}")),
        }
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
            !line.is_empty() && !line.starts_with("thread '") && !line.starts_with("note:")
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

/// Carries out orders until the parent closes the input. A child does nothing else.
pub(crate) fn serve(contender: &dyn Contender) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let order = serde_json::from_str(&line).expect("the parent writes orders");
        let answer = catch_unwind(AssertUnwindSafe(|| carry_out(contender, order)))
            .unwrap_or_else(|_| Err("it panicked".to_owned()))
            .unwrap_or_else(|cause| ContenderAnswer::Fails { cause });
        let line = serde_json::to_string(&answer).expect("an answer has a JSON form");
        if writeln!(stdout(), "{line}").is_err() {
            return;
        }
    }
}

fn carry_out(contender: &dyn Contender, order: ContenderOrder) -> Result<ContenderAnswer, String> {
    match order {
        ContenderOrder::Turn { tasks, turns } => {
            let (stopwatch, counters) = Stopwatch::new(tasks, turns);
            contender.turn(counters);
            Ok(elapsed(stopwatch.elapsed(tasks, turns)?))
        }
        ContenderOrder::Spawn { tasks, batches } => Ok(elapsed(contender.spawn(tasks, batches))),
        ContenderOrder::Suspend { tasks } => {
            let occupied = memory::added(tasks, || contender.suspend(tasks))?;
            Ok(ContenderAnswer::Occupied { resident: occupied.resident, heap: occupied.heap })
        }
    }
}

fn elapsed(elapsed: Duration) -> ContenderAnswer {
    ContenderAnswer::Elapsed {
        ns: u64::try_from(elapsed.as_nanos()).expect("no sample takes 584 years"),
    }
}
