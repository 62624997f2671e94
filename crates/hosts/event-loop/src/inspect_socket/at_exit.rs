//! Removes the socket when the process exits.
//!
//! The statics of Rust have no destructors, and the thread of the server never ends. So the
//! function is registered with the C library. A process that is killed leaves its socket, and the
//! next client removes it.

#![allow(unsafe_code)]

use std::{
    ffi::c_int,
    fs,
    path::PathBuf,
    process,
    sync::{Mutex, Once},
};

/// The socket, and the process that has made it. A forked process must not remove it.
static SOCKET: Mutex<Option<(u32, PathBuf)>> = Mutex::new(None);

// SAFETY: this is the declaration of the C standard. The function only takes a pointer to a
// function, which the C library calls once, when the process exits.
unsafe extern "C" {
    safe fn atexit(function: extern "C" fn()) -> c_int;
}

/// Removes this socket when the process exits.
pub(super) fn remove(socket: PathBuf) {
    static REGISTERED: Once = Once::new();
    if let Ok(mut current) = SOCKET.lock() {
        *current = Some((process::id(), socket));
    }
    REGISTERED.call_once(|| _ = atexit(remove_socket));
}

/// It must not panic, and must not wait: other threads may still run.
extern "C" fn remove_socket() {
    if let Ok(mut current) = SOCKET.try_lock()
        && let Some((process, socket)) = current.take()
        && process == process::id()
    {
        _ = fs::remove_file(socket);
    }
}
