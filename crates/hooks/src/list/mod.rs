//! The list: every hook, when it blocks, and what replaces it.

mod sleeping;
mod sockets;
mod descriptors;
mod readiness;
mod files;
mod links_and_metadata;
mod names;
mod processes;
mod locks;
mod fortified;
mod callbacks;
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
        links_and_metadata::HOOKS,
        names::HOOKS,
        processes::HOOKS,
        locks::HOOKS,
        fortified::HOOKS,
        callbacks::HOOKS,
        #[cfg(not(feature = "sanitizer"))]
        posix_threads::HOOKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Returns the hook of a function.
pub(crate) fn hook_named(symbol: &str) -> Option<&'static Hook> {
    all_hooks().find(|hook| hook.symbol() == symbol)
}
