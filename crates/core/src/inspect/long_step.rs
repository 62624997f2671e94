//! [`LongStep`]: a step that takes long, so that no other task of the loop runs meanwhile.

use std::{fmt, time::Duration};

use super::Style;
use crate::host::Label;

/// A step of a task that takes long: the task occupies the loop, so that no other task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LongStep {
    /// The task. While destructors of another task run inside of the step, it is that task.
    pub task: Label,
    /// The style of the task.
    pub style: Style,
    /// How long the step has lasted so far. It may have lasted a little longer, because the
    /// watchdog looks only now and then.
    pub lasted: Duration,
    /// What the thread does at the moment.
    pub activity: Activity,
}

/// What a thread does that a task occupies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// The thread runs code, or waits for its turn on a processor.
    Computes,
    /// The operating system has blocked the thread inside a system call.
    InSystemCall(BlockingSystemCall),
    /// This operating system does not say it.
    Unknown,
}

/// A system call that blocks a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockingSystemCall {
    /// The number of the system call.
    pub number: u32,
    /// The name of the system call, if this library knows it.
    pub name: Option<&'static str>,
    /// What the call does, as a verb: `sleeps`.
    pub does: &'static str,
    /// The part of this library that does the same and lets other tasks run.
    pub instead: &'static str,
}

impl LongStep {
    /// Makes the record of a step. For hosts.
    pub fn new(task: Label, style: Style, lasted: Duration, activity: Activity) -> Self {
        Self { task, style, lasted, activity }
    }

    /// Writes the task, with its style.
    fn write_task(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Label { id, name, spawned_at } = &self.task;
        write!(f, "{id}")?;
        if let Some(name) = name {
            write!(f, " {name:?}")?;
        }
        write!(f, " ({}, spawned at {spawned_at})", self.style)
    }

    /// Returns how long the step has lasted, without the digits that the watchdog cannot know.
    fn in_milliseconds(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.lasted.as_millis()).unwrap_or(u64::MAX))
    }

    /// Writes the report of a step that has not ended.
    pub(super) fn write_so_far(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_task(f)?;
        write!(f, " occupies its loop, for {:?} so far{}", self.in_milliseconds(), self.activity)
    }

    /// Writes the report of a step that has ended.
    pub(super) fn write_at_the_end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_task(f)?;
        write!(f, " no longer occupies its loop: its step took {:?}", self.in_milliseconds())
    }
}

/// Each part is on a line of its own, and each line begins with a line break.
impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Computes => f.write_str(
                "\n  it computes\n  instead: thread::offload, or time::turn now and then",
            ),
            Self::InSystemCall(call) => write!(f, "\n  it {call}\n  instead: {}", call.instead),
            Self::Unknown => Ok(()),
        }
    }
}

/// The form is `sleeps, in the system call clock_nanosleep`.
impl fmt::Display for BlockingSystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, in the system call ", self.does)?;
        match self.name {
            Some(name) => f.write_str(name),
            None => self.number.fmt(f),
        }
    }
}
