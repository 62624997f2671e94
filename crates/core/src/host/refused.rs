//! [`refused`]: the error for a thread or a process that the operating system refuses.

use std::io;

/// Makes the error for a thread or a process that the operating system refuses. Its kind is
/// `QuotaExceeded`. Its message names `what` was refused, the cause and the remedy.
///
/// The operating system's own error is `WouldBlock`, which does not show that a limit was reached.
///
/// ```
/// use quadrivium_core::host::refused;
/// use std::io::{Error, ErrorKind};
///
/// let error = refused("a thread for files", &Error::from(ErrorKind::WouldBlock));
/// assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
/// assert!(error.to_string().starts_with("the operating system refuses a thread for files: "));
/// ```
pub fn refused(what: &str, error: &io::Error) -> io::Error {
    let remedy = "raise the limit of threads and processes (`ulimit -u`, or `pids.max` of the \
                  control group), or run fewer of them";
    let message = format!("the operating system refuses {what}: {error}: {remedy}");
    io::Error::new(io::ErrorKind::QuotaExceeded, message)
}
