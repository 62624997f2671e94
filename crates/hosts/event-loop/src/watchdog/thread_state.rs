//! [`WatchedThread`]: asks the operating system what the thread of a loop does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use quadrivium_core::inspect::Activity;

use super::system_calls::blocking_call;

/// A thread, as the operating system shows it to the other threads of the process.
pub(super) struct WatchedThread {
    /// The folder of the thread below `/proc`, if there is one.
    folder: Option<PathBuf>,
}

impl WatchedThread {
    /// Returns the calling thread.
    pub(super) fn current() -> Self {
        // The link is relative to `/proc`, and contains the numbers of process and thread.
        let link = fs::read_link("/proc/thread-self").ok();
        Self { folder: link.map(|link| Path::new("/proc").join(link)) }
    }

    /// Returns what the thread does at the moment.
    pub(super) fn activity(&self) -> Activity {
        let Some(folder) = &self.folder else { return Activity::Unknown };
        let state = fs::read_to_string(folder.join("syscall"));
        state.ok().and_then(|state| parse(&state)).unwrap_or(Activity::Unknown)
    }
}

/// Parses what `/proc/PID/task/TID/syscall` contains. It is `running`, or numbers: of the system
/// call, its six arguments, and two addresses. A thread that waits for memory from the disk is in
/// no system call, and has the number -1.
fn parse(state: &str) -> Option<Activity> {
    let first = state.split_ascii_whitespace().next()?;
    if first == "running" || first.starts_with('-') {
        return Some(Activity::Computes);
    }
    Some(Activity::InSystemCall(blocking_call(first.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_thread_is_parsed() {
        assert_eq!(parse("running\n"), Some(Activity::Computes));
        assert_eq!(parse("-1 0x7ffd7b907068 0x7fdd71363503\n"), Some(Activity::Computes));
        let read = parse("0 0x5 0x1 0x7f 0x7f 0x0 0x0 0x7ffd7b907068 0x7fdd71363503\n");
        assert!(matches!(read, Some(Activity::InSystemCall(call)) if call.number == 0));
        assert_eq!(parse(""), None);
        assert_eq!(parse("soon"), None);
    }
}
