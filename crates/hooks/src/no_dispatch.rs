//! System calls that a crate makes without the C library cannot be seen here. See `dispatch.rs`.

use std::io;

/// Makes the system calls of watched steps on this thread visible, also those that are not made
/// through the C library.
///
/// # Errors
///
/// Always: this needs x86-64.
pub fn see_direct_calls() -> io::Result<()> {
    let reason = "Syscall User Dispatch needs x86-64";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}
