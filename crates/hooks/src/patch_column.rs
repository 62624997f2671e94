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
