//! A socket on which a process offers snapshots of its loops to other processes of the same user,
//! and the client of such sockets. Needs the feature `inspect`.
//!
//! ```text
//!   quadrivium ps ──► socket ──► a thread of its own ──► LoopInspector ──► each loop
//!         ◄── one JSON document ─┘
//! ```
//!
//! The thread answers also while a loop is stuck. A client that misbehaves costs this thread some
//! time, and the loops nothing.

mod at_exit;
mod answer;
mod client;
mod connection;
mod folder;
mod server;

use std::{env, io, sync::Once};

pub use client::{ask, processes};
pub use connection::SnapshotForm;
pub use server::serve_snapshots;

/// Starts the server if the environment asks for it with `QUADRIVIUM_INSPECT=1`. Called when a loop
/// is made.
pub(crate) fn start_if_asked() {
    if env::var_os("QUADRIVIUM_INSPECT").is_none_or(|value| value != "1") {
        return;
    }
    if let Err(error) = serve_snapshots()
        && error.kind() != io::ErrorKind::PermissionDenied
    {
        // Programs that make many loops print it once.
        static PRINTED: Once = Once::new();
        PRINTED.call_once(|| eprintln!("quadrivium: cannot offer snapshots: {error}"));
    }
}
