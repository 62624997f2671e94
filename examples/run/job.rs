//! [`Job`]: a command to run. [`Ended`]: how it ended.

use std::{convert::Infallible, fmt, io, time::Duration};

use quadrivium::{
    prelude::*,
    process::{Child, Command, ExitStatus, Stdio},
    scope::Scope,
    signal::Signals,
    sync::Notify,
};

#[derive(Clone, Debug)]
pub struct Job {
    pub number: usize,
    pub command: String,
    pub limits: TimeLimits,
    /// Notified when all commands have to end.
    pub stop: Notify,
}

/// The tasks that forward the outputs of a command.
pub type Forwarders = Scope<(), Infallible>;

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// The time until the command is asked to end.
    pub time: Duration,
    /// The time from then until it is killed.
    pub grace: Duration,
}

#[derive(Debug)]
pub enum Ended {
    /// The command ended by itself.
    InTime(ExitStatus),
    /// It was asked to end, or killed.
    Stopped(ExitStatus),
    /// It could not be started, or the wait for it failed.
    Failed(io::Error),
}

impl Job {
    /// Starts the command. It has a process group of its own, together with the
    /// processes that it starts.
    pub fn start(&self) -> io::Result<Child> {
        let mut command = Command::new("sh");
        command.args(["-c", &self.command]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true).spawn()
    }

    /// Waits until the command has to end.
    pub fn limit(&self) -> impl Task + Unpin + use<> {
        race(sleep(self.limits.time), self.stop.notified())
    }
}

impl Ended {
    pub fn new(status: io::Result<ExitStatus>, in_time: bool) -> Self {
        match (status, in_time) {
            (Ok(status), true) => Ended::InTime(status),
            (Ok(status), false) => Ended::Stopped(status),
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
            Ended::Stopped(status) => write!(f, "stopped, {status}"),
            Ended::Failed(error) => write!(f, "not run: {error}"),
        }
    }
}

/// Returns the line of the summary for one command.
pub fn summary((job, ended): (&Job, &Ended)) -> String {
    format!("{}= {ended} ({})\n", job.number, job.command)
}

/// Makes all commands end at each of these signals.
pub fn stop_all(signals: Signals, stop: Notify) -> impl Task<Output = ()> {
    future(async move {
        while signals.next().await.is_ok() {
            stop.notify_all();
        }
    })
}
