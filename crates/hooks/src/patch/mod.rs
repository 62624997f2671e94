//! Patched green threads: their blocking calls suspend them, in place of the OS thread.
//!
//! ```text
//!   body ─► a crate ─► std ─► our `recv` ─► the real `recv`, with MSG_DONTWAIT ─► bytes
//!                                │ EAGAIN
//!                                ▼
//!                             a leaf waits for the socket; the green thread suspends
//! ```
//!
//! A call suspends only where the whole stack may stop: in the body of a green thread, outside of
//! destructors that run because of a panic or a cancel, and outside of callbacks of C functions.
//! Everywhere else the real call runs.

mod task;
mod call;
mod descriptor;
pub(crate) mod sleeping;
pub(crate) mod sockets;
pub(crate) mod descriptors;
pub(crate) mod readiness;
pub(crate) mod processes;
pub(crate) mod names;
pub(crate) mod files;
pub(crate) mod locks;
pub(crate) mod callbacks;

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

pub(crate) use call::is_on;
pub use task::{Patched, patch, patched};

use call::be_ready;

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

/// Whether all green threads of the program are patched.
static ALL: AtomicBool = AtomicBool::new(false);

/// Patches all green threads of the program, from now on and until its end. Call it first in
/// `main`.
///
/// Green threads of `may`'s own are not concerned, and other styles neither.
pub fn patch_all() {
    be_ready();
    ALL.store(true, Ordering::Relaxed);
}
