//! A process per contender: this program again, which takes orders on its input and answers on its
//! output.
//!
//! So no contender inherits another's heap, threads or signal handlers, and one that crashes or
//! hangs costs a cell of the table and no more.

use std::{
    io::{BufRead, BufReader, Read, Write, stdin, stdout},
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{contender::Contender, memory, stopwatch::Stopwatch};

/// A sample lasts tens of milliseconds; a million green threads take some seconds to suspend.
const PATIENCE_S: u32 = 60;
/// A panic on another thread may leave the first one waiting for ever.
const PATIENCE_AFTER_PANIC_S: u32 = 3;

/// What a child is asked to do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Time `turns` turns of each of `tasks` tasks.
    Turn { tasks: usize, turns: u64 },
    /// Time `batches` times spawning and joining `tasks` tasks.
    Spawn { tasks: usize, batches: u64 },
    /// Suspend `tasks` tasks and read the memory; the last order a process gets.
    Hold { tasks: usize },
}

/// What a child answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// To `Turn` and `Spawn`.
    Elapsed { ns: u64 },
    /// To `Hold`: the bytes that all tasks together added.
    Occupied { resident: u64, heap: u64 },
    /// To any order, with the cause.
    Fails { cause: String },
}

/// The parent's end of a child.
#[derive(Debug)]
pub(crate) struct Contestant {
    process: Child,
    orders: ChildStdin,
    answers: Receiver<String>,
    errors: Receiver<String>,
    complaints: Vec<String>,
}

impl Contestant {
    /// Starts this program again, to serve the contender of that name.
    pub(crate) fn start(name: &str) -> Self {
        let program = std::env::current_exe().expect("Linux knows the path of a program");
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
        Self { process, orders, answers, errors, complaints: Vec::new() }
    }

    /// Gives an order and waits for the answer.
    ///
    /// # Errors
    ///
    /// Says why the contender failed; it has then no use any more.
    pub(crate) fn ask(&mut self, order: Order) -> Result<Answer, String> {
        let line = serde_json::to_string(&order).expect("an order has a JSON form");
        // A child that is gone is noticed below, where the answer is missing.
        let _ = writeln!(self.orders, "{line}");
        let line = self.answer()?;
        match serde_json::from_str(&line) {
            Ok(Answer::Fails { cause }) => Err(self.with_complaint(&cause)),
            Ok(answer) => Ok(answer),
            Err(error) => Err(format!("answered nonsense: {error}")),
        }
    }

    /// Waits for a line, a second at a time.
    fn answer(&mut self) -> Result<String, String> {
        let mut silent_s = 0;
        loop {
            match self.answers.recv_timeout(Duration::from_secs(1)) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Timeout) => silent_s += 1,
                Err(RecvTimeoutError::Disconnected) => {
                    let ending = self
                        .process
                        .wait()
                        .map_or_else(|error| error.to_string(), |status| status.to_string());
                    return Err(self.with_complaint(&ending));
                }
            }
            self.complaints.extend(self.errors.try_iter());
            let patience_s =
                if self.complaints.is_empty() { PATIENCE_S } else { PATIENCE_AFTER_PANIC_S };
            if silent_s >= patience_s {
                return Err(self.with_complaint(&format!("no answer within {patience_s} s")));
            }
        }
    }

    /// Adds what a panic said, which is more than its consequence tells.
    fn with_complaint(&mut self, consequence: &str) -> String {
        self.complaints.extend(self.errors.try_iter());
        let is_message = |line: &&String| {
            !line.is_empty() && !line.starts_with("thread '") && !line.starts_with("note:")
        };
        let message = self.complaints.iter().find(is_message);
        message
            .map_or_else(|| consequence.to_owned(), |message| format!("{message}; {consequence}"))
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // It may be hung or gone already; either way there is nothing to lose in it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads lines on a thread of their own, so that the wait for one can be bounded.
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

/// Answers orders until the parent closes the input: the life of a child.
pub(crate) fn serve(contender: &dyn Contender) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        let order = serde_json::from_str(&line).expect("the parent writes orders");
        let answer = catch_unwind(AssertUnwindSafe(|| obey(contender, order)))
            .unwrap_or_else(|_| Err("it panicked".to_owned()))
            .unwrap_or_else(|cause| Answer::Fails { cause });
        let line = serde_json::to_string(&answer).expect("an answer has a JSON form");
        if writeln!(stdout(), "{line}").is_err() {
            return;
        }
    }
}

fn obey(contender: &dyn Contender, order: Order) -> Result<Answer, String> {
    match order {
        Order::Turn { tasks, turns } => {
            let (stopwatch, counters) = Stopwatch::new(tasks, turns);
            contender.turn(counters);
            Ok(elapsed(stopwatch.elapsed(tasks, turns)?))
        }
        Order::Spawn { tasks, batches } => Ok(elapsed(contender.spawn(tasks, batches))),
        Order::Hold { tasks } => {
            let occupied = memory::added(tasks, || contender.hold(tasks))?;
            Ok(Answer::Occupied { resident: occupied.resident, heap: occupied.heap })
        }
    }
}

fn elapsed(elapsed: Duration) -> Answer {
    Answer::Elapsed { ns: u64::try_from(elapsed.as_nanos()).expect("no sample takes 584 years") }
}
