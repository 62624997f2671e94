//! The list: every hook, when it blocks, and what replaces it.

mod sleeping;
mod sockets;
mod descriptors;
mod readiness;
mod files;
mod names;
mod processes;
mod locks;
#[cfg(not(feature = "sanitizer"))]
mod posix_threads;

use crate::hook::Hook;

/// Returns all hooks.
pub fn all_hooks() -> impl Iterator<Item = &'static Hook> {
    [
        sleeping::HOOKS,
        sockets::HOOKS,
        descriptors::HOOKS,
        readiness::HOOKS,
        files::HOOKS,
        names::HOOKS,
        processes::HOOKS,
        locks::HOOKS,
        #[cfg(not(feature = "sanitizer"))]
        posix_threads::HOOKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
