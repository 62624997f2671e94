//! [`WatchedList`]: what is known about tasks only while their host is watched, as text.

use std::fmt;

use super::{tasks::Tasks, text::ShortLabel, watched_info::WatchedInfo};

/// What is known about tasks only while their host is watched, one line for each task. Made by
/// [`Tasks::watched`].
#[derive(Clone, Debug)]
pub struct WatchedList<'a> {
    tasks: &'a Tasks,
}

impl<'a> WatchedList<'a> {
    pub(super) fn new(tasks: &'a Tasks) -> Self {
        Self { tasks }
    }
}

impl Tasks {
    /// Returns what is known about the tasks only while their host is watched: how long each has
    /// waited, its steps, and the task that has spawned it. It says how to get what is missing.
    pub fn watched(&self) -> WatchedList<'_> {
        WatchedList::new(self)
    }
}

/// The remedy, where a part of this is missing.
const REMEDY: &str = "the loop was not watched when these tasks were spawned: call \
                      EventLoop::watch first, or use a debug build, which is watched from the start";

impl fmt::Display for WatchedList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut is_complete = true;
        for (i, task) in self.tasks.tasks.iter().enumerate() {
            write!(f, "{}{}: ", if i == 0 { "" } else { "\n" }, ShortLabel(&task.label))?;
            match &task.watched {
                Some(watched) => watched.fmt(f)?,
                None => f.write_str("no step since the loop is watched")?,
            }
            is_complete &= task.watched.as_ref().is_some_and(|watched| watched.since_its_spawn);
        }
        if is_complete { Ok(()) } else { write!(f, "\n{REMEDY}") }
    }
}

impl fmt::Display for WatchedInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { since, steps, longest_step, parent, since_its_spawn } = self;
        let steps_noun = if *steps == 1 { "step" } else { "steps" };
        write!(f, "for {since:?}, {steps} {steps_noun}")?;
        if !since_its_spawn {
            f.write_str(" since the loop is watched")?;
        }
        write!(f, ", longest step {longest_step:?}")?;
        match (parent, since_its_spawn) {
            (Some(parent), _) => write!(f, ", spawned by {parent}"),
            (None, true) => f.write_str(", spawned outside of tasks"),
            (None, false) => Ok(()),
        }
    }
}
