//! [`new_source`]: the source of a TCP socket that was made here.

use std::os::fd::AsFd;

use crate::source::Source;

/// The source of a socket that nobody else has used. Its short reads may be trusted if it is a TCP
/// socket: the system can be set up to make a socket of another protocol, such as multipath TCP.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn new_source<T: AsFd>(io: T) -> Source<T> {
    use socket2::{Protocol, SockRef};

    match SockRef::from(&io).protocol() {
        Ok(Some(Protocol::TCP)) => Source::plain_tcp(io),
        Ok(_) | Err(_) => Source::new(io),
    }
}

/// The source of a socket that nobody else has used.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn new_source<T: AsFd>(io: T) -> Source<T> {
    Source::new(io)
}
