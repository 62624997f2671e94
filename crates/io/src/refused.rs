//! [`refused`]: the error that says which thread or process the operating system does not let us
//! start, and what to do about it.

use std::io::{Error, ErrorKind};

/// Not the error of the operating system itself: that one is `WouldBlock`, which tells nobody that a
/// limit was reached.
pub(crate) fn refused(what: &str, error: &Error) -> Error {
    let remedy = "raise the limit of threads and processes (`ulimit -u`, `pids.max` of the control \
                  group), or try again when fewer of them run";
    let message = format!("the operating system refuses {what}: {error}: {remedy}");
    Error::new(ErrorKind::QuotaExceeded, message)
}
