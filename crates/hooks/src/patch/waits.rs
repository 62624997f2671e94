//! Waiting for descriptors in patched calls. Their flags are never changed.

use std::{
    ffi::c_int,
    os::fd::{AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use quadrivium_core::Interest;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl},
    io::{Errno, fcntl_dupfd_cloexec},
    net::sockopt::{Timeout, socket_timeout},
};

use super::call::{PatchedCall, Unfinished};
use crate::system;

/// Returns the result of a real function that has just returned, or its `errno`.
pub(super) fn result(returned: isize) -> Result<isize, c_int> {
    if returned == -1 { Err(system::errno()) } else { Ok(returned) }
}

/// Returns the descriptor with this number, or `None` if no descriptor can have it.
pub(super) fn descriptor<'a>(fd: c_int) -> Option<BorrowedFd<'a>> {
    // SAFETY: The number is passed to the kernel, which checks it. The program that makes the call
    // keeps the descriptor open meanwhile, or gets an error, as in the real call.
    (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) })
}

pub(super) fn is_nonblocking(fd: c_int) -> bool {
    let flags = descriptor(fd).and_then(|fd| fcntl_getfl(fd).ok());
    flags.is_some_and(|flags| flags.contains(OFlags::NONBLOCK))
}

/// Returns whether a descriptor is ready now, or has failed.
pub(super) fn is_ready(fd: c_int, interest: Interest) -> bool {
    let events = match interest {
        Interest::Readable => PollFlags::IN,
        Interest::Writable => PollFlags::OUT,
    };
    let Some(fd) = descriptor(fd) else { return true };
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(&fd, events)], Some(&now)) != Ok(0)
}

/// Returns the option `SO_RCVTIMEO` or `SO_SNDTIMEO` of a socket.
pub(super) fn limit(fd: c_int, interest: Interest) -> Option<Duration> {
    let which = match interest {
        Interest::Readable => Timeout::Recv,
        Interest::Writable => Timeout::Send,
    };
    descriptor(fd).and_then(|fd| socket_timeout(fd, which).ok().flatten())
}

/// Returns a duplicate for the wait. The kernel allows one registration for each descriptor. Also,
/// a call goes on if the program closes its descriptor meanwhile, as a call in the kernel does.
fn duplicate(fd: c_int) -> Option<OwnedFd> {
    descriptor(fd).and_then(|fd| fcntl_dupfd_cloexec(fd, 3).ok())
}

/// Tries an operation, and waits for the descriptor whenever the operation would block. `limit` is
/// asked for the limit of the wait.
pub(super) fn until_ready(
    call: &PatchedCall,
    fd: c_int,
    interest: Interest,
    limit: impl FnOnce() -> Option<Duration>,
    mut operation: impl FnMut(c_int) -> Result<isize, c_int>,
) -> Result<isize, Unfinished> {
    call.give_way()?;
    match operation(fd) {
        Err(libc::EAGAIN) if is_nonblocking(fd) => return Err(Unfinished::Fails(libc::EAGAIN)),
        Err(libc::EAGAIN) => {}
        done => return done.map_err(Unfinished::Fails),
    }
    let deadline = call.deadline(limit());
    let mut own = duplicate(fd);
    loop {
        if let Some(waited) = own.take() {
            match call.ready(waited, interest, deadline)? {
                Some(ready) => own = Some(ready),
                None => return Err(Unfinished::Fails(libc::EAGAIN)),
            }
        }
        match operation(own.as_ref().map_or(fd, AsRawFd::as_raw_fd)) {
            Err(libc::EAGAIN) => {}
            done => return done.map_err(Unfinished::Fails),
        }
        // Another reader or writer came first, or the process has no descriptor for a duplicate.
        call.retry_later(deadline, libc::EAGAIN)?;
    }
}

/// Like [`until_ready`], for an operation that has no variant that does not block. It is tried only
/// when the descriptor is ready.
pub(super) fn when_ready(
    call: &PatchedCall,
    fd: c_int,
    interest: Interest,
    limit: impl FnOnce() -> Option<Duration>,
    mut operation: impl FnMut(c_int) -> Result<isize, c_int>,
) -> Result<isize, Unfinished> {
    until_ready(call, fd, interest, limit, |fd| match is_ready(fd, interest) {
        true => operation(fd),
        false => Err(Errno::AGAIN.raw_os_error()),
    })
}

/// Writes `length` bytes with an operation that may write fewer, as a call that blocks does. The
/// operation gets the number of bytes that have been written.
pub(super) fn write_all(
    call: &PatchedCall,
    fd: c_int,
    length: usize,
    mut operation: impl FnMut(c_int, usize) -> Result<isize, c_int>,
) -> Result<isize, Unfinished> {
    let mut written = 0;
    loop {
        let limit = || limit(fd, Interest::Writable);
        match until_ready(call, fd, Interest::Writable, limit, |fd| operation(fd, written)) {
            Ok(n) => written += n.unsigned_abs(),
            // The bytes are gone, so the caller has to be told of them first.
            Err(_) if written > 0 => return Ok(written.cast_signed()),
            Err(stop) => return Err(stop),
        }
        if written >= length {
            return Ok(written.cast_signed());
        }
    }
}
