//! A command that is run, and how it ended.

use std::{fmt, io, time::Duration};

use quadrivium::{
    prelude::*,
    process::{Child, Command, ExitStatus, Stdio},
    signal::Signals,
    sync::Notify,
};

#[derive(Clone, Debug)]
pub struct Job {
    pub number: usize,
    pub command: String,
    pub limits: TimeLimits,
    /// Told when all are to end.
    pub stop: Notify,
}

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// Until it is asked to end.
    pub time: Duration,
    /// From then until it is killed.
    pub grace: Duration,
}

#[derive(Debug)]
pub enum Ended {
    /// By itself.
    InTime(ExitStatus),
    /// Because it was asked to, or killed.
    HadTo(ExitStatus),
    /// It could not be started, or not be waited for.
    Failed(io::Error),
}

impl Job {
    /// Starts it, in a group of its own with all that it starts.
    pub fn start(&self) -> io::Result<Child> {
        let mut command = Command::new("sh");
        command.args(["-c", &self.command]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true).spawn()
    }

    /// Waits until it has to end.
    pub fn limit(&self) -> impl Task + Unpin + use<> {
        race(sleep(self.limits.time), self.stop.notified())
    }
}

impl Ended {
    pub fn new(status: io::Result<ExitStatus>, in_time: bool) -> Self {
        match (status, in_time) {
            (Ok(status), true) => Ended::InTime(status),
            (Ok(status), false) => Ended::HadTo(status),
            (Err(error), _) => Ended::Failed(error),
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Ended::InTime(status) if status.success())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::InTime(status) => status.fmt(f),
            Ended::HadTo(status) => write!(f, "had to end, {status}"),
            Ended::Failed(error) => write!(f, "not run: {error}"),
        }
    }
}

/// A line of the summary.
pub fn summary((job, ended): (&Job, &Ended)) -> String {
    format!("{}= {ended} ({})\n", job.number, job.command)
}

/// Tells all jobs to end, at each of these signals.
pub fn stop_all(signals: Signals, stop: Notify) -> impl Task<Output = ()> {
    future(async move {
        while signals.next().await.is_ok() {
            stop.notify_all();
        }
    })
}
