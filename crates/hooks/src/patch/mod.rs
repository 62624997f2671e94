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
mod parker;
mod waits;
pub(crate) mod sleeping;
pub(crate) mod sockets;
pub(crate) mod descriptors;
pub(crate) mod readiness;
pub(crate) mod processes;
pub(crate) mod names;
pub(crate) mod in_use;
pub(crate) mod files;
pub(crate) mod paths;
pub(crate) mod locks;
pub(crate) mod callbacks;
pub(crate) mod fortified;

pub(crate) use call::{PatchedStep, be_silent, counts, is_on};
pub use task::{Patched, patch, patched};

/// Patches all green threads of the program, from now on and until its end. Call it first in
/// `main`.
///
/// Green threads of `may`'s own are not concerned, and other styles neither.
pub fn patch_all() {
    call::patch_everywhere();
}
