//! [`Patch`]: what a call of a hook does in a patched green thread.

use std::fmt;

/// What a call of a hook does in a patched green thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch {
    /// The call suspends the green thread.
    Suspends,
    /// The call runs on another OS thread, and suspends the green thread meanwhile.
    Offloads,
    /// The call blocks the OS thread. The text is the reason.
    OnlyReported(&'static str),
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suspends => "patched",
            Self::Offloads => "offloaded",
            Self::OnlyReported(_) => "only reported",
        })
    }
}

/// The functions of the standard library that wait for the one word of their OS thread.
const PARKS: [&str; 6] = [
    "std::thread::park",
    "std::thread::park_timeout",
    "std::thread::scope",
    "std::sync::mpsc::Receiver::recv",
    "std::sync::mpsc::Receiver::recv_timeout",
    "std::sync::mpsc::SyncSender::send",
];

/// The functions that read a file. They need no other OS thread for bytes that are in memory.
const READS_OF_FILES: [&str; 3] =
    ["std::fs::File::read", "std::fs::File::read_vectored", "std::fs::File::read_at"];

impl Patch {
    /// Returns what a function of the standard library does that reaches hooks with these columns.
    /// A function that blocks in one of its calls blocks.
    pub(crate) fn of_function(function: &str, hooks: impl Iterator<Item = Self>) -> Self {
        if PARKS.contains(&function) {
            return Self::OnlyReported("it waits in std::thread::park");
        }
        match hooks.max_by_key(Self::rank) {
            // The kernel reports no events for files.
            Some(Self::Suspends) if function.starts_with("std::fs::") => Self::Offloads,
            Some(patch) => patch,
            None => Self::OnlyReported("it reaches no hook"),
        }
    }

    /// Returns whether a call that did `self` is what the list says of the function.
    pub(crate) fn is_as_listed(self, listed: Self, function: &str) -> bool {
        self.rank() == listed.rank()
            || (self, listed) == (Self::Suspends, Self::Offloads)
                && READS_OF_FILES.contains(&function)
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Suspends => 0,
            Self::Offloads => 1,
            Self::OnlyReported(_) => 2,
        }
    }
}
