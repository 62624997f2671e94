//! Patched waits for several descriptors. They are gathered in one descriptor, for which the loop
//! waits.

use std::{ffi::c_int, os::fd::OwnedFd, time::Duration};

use libc::{epoll_event, fd_set, nfds_t, pollfd, sigset_t, timespec, timeval};
use quadrivium_core::Interest;
use rustix::{
    event::epoll::{self, CreateFlags, EventData, EventFlags},
    io::{Errno, fcntl_dupfd_cloexec},
};

use super::{
    call::{Unfinished, patched},
    waits::{descriptor, result},
};
use crate::system;

/// A wait whose limit could not be read. The real call returns the error.
struct BadLimit;

/// `None` means: without a limit.
type WaitLimit = Result<Option<Duration>, BadLimit>;

fn milliseconds(timeout: c_int) -> WaitLimit {
    Ok(u64::try_from(timeout).ok().map(Duration::from_millis))
}

fn of_timespec(at: *const timespec) -> WaitLimit {
    if at.is_null() {
        return Ok(None);
    }
    system::read(at).and_then(system::duration).map(Some).ok_or(BadLimit)
}

fn of_timeval(at: *const timeval) -> WaitLimit {
    if at.is_null() {
        return Ok(None);
    }
    let timeval { tv_sec, tv_usec } = system::read(at).ok_or(BadLimit)?;
    let tv_nsec = tv_usec.checked_mul(1_000).ok_or(BadLimit)?;
    system::duration(timespec { tv_sec, tv_nsec }).map(Some).ok_or(BadLimit)
}

/// Looks with a call that does not wait. While it finds nothing, waits for the descriptor that
/// `gather` returns.
fn wait(
    limit: WaitLimit,
    look: impl Fn() -> c_int,
    gather: impl Fn() -> Result<OwnedFd, Errno>,
) -> Option<c_int> {
    let limit = limit.ok()?;
    if limit == Some(Duration::ZERO) {
        return None;
    }
    patched(|call| {
        call.give_way()?;
        let deadline = call.deadline(limit);
        loop {
            let found = result(look() as isize).map_err(Unfinished::Fails)?;
            if found != 0 {
                return Ok(found as c_int);
            }
            match gather() {
                Ok(own) => {
                    if call.ready(own, Interest::Readable, deadline)?.is_none() {
                        return Ok(0);
                    }
                }
                // The process has no descriptor left.
                Err(_) => match call.retry_later(deadline, 0) {
                    Err(Unfinished::Fails(_)) => return Ok(0),
                    other => other?,
                },
            }
        }
    })
}

/// Returns an epoll that is readable when one of the descriptors has one of its events.
fn gathered(events: impl Iterator<Item = (c_int, EventFlags)>) -> Result<OwnedFd, Errno> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    // The same descriptor may be there several times.
    let mut all = Vec::<(c_int, EventFlags)>::new();
    for (fd, flags) in events {
        match all.iter_mut().find(|it| it.0 == fd) {
            Some(it) => it.1 |= flags,
            None => all.push((fd, flags)),
        }
    }
    for (fd, flags) in all {
        let Some(fd) = descriptor(fd) else { continue };
        match epoll::add(&epoll, fd, EventData::new_u64(0), flags) {
            // A file is always ready, and was found so before. A closed descriptor is reported.
            Ok(()) | Err(Errno::PERM | Errno::BADF) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(epoll)
}

/// The events of `poll` have the same bits as those of an epoll.
fn flags(events: i16) -> EventFlags {
    EventFlags::from_bits_truncate(u32::from(events.cast_unsigned()))
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn poll(
    real: unsafe extern "C" fn(*mut pollfd, nfds_t, c_int) -> c_int,
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    unsafe { poll_with(descriptors, n, timeout, || real(descriptors, n, 0)) }
}

pub(super) unsafe fn poll_with(
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: c_int,
    look: impl Fn() -> c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    wait(milliseconds(timeout), look, || unsafe { gather_polled(descriptors, n) })
}

pub(crate) unsafe fn ppoll(
    real: unsafe extern "C" fn(*mut pollfd, nfds_t, *const timespec, *const sigset_t) -> c_int,
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    unsafe { ppoll_with(descriptors, n, timeout, mask, |now| real(descriptors, n, now, mask)) }
}

pub(super) unsafe fn ppoll_with(
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
    look: impl Fn(*const timespec) -> c_int,
) -> Option<c_int> {
    // The mask would concern the OS thread.
    if !mask.is_null() {
        return None;
    }
    let now = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: The caller has passed these arguments.
    wait(of_timespec(timeout), || look(&now), || unsafe { gather_polled(descriptors, n) })
}

/// Called after the real function has read the same descriptors.
unsafe fn gather_polled(descriptors: *const pollfd, n: nfds_t) -> Result<OwnedFd, Errno> {
    let all = match n {
        0 => &[],
        // SAFETY: The caller has passed `n` descriptors.
        n => unsafe { std::slice::from_raw_parts(descriptors, n as usize) },
    };
    gathered(all.iter().filter(|it| it.fd >= 0).map(|it| (it.fd, flags(it.events))))
}

type RealSelect =
    unsafe extern "C" fn(c_int, *mut fd_set, *mut fd_set, *mut fd_set, *mut timeval) -> c_int;

pub(crate) unsafe fn select(
    real: RealSelect,
    n: c_int,
    reads: *mut fd_set,
    writes: *mut fd_set,
    exceptions: *mut fd_set,
    timeout: *mut timeval,
) -> Option<c_int> {
    // Sets with more descriptors than the type has would have to be copied as arrays.
    if !(0..=libc::FD_SETSIZE as c_int).contains(&n) {
        return None;
    }
    let sets = [reads, writes, exceptions];
    // SAFETY: The caller has passed the sets.
    let asked = sets.map(|set| (!set.is_null()).then(|| unsafe { *set }));
    let look = || {
        // The function replaces the sets by those that are ready.
        for (set, asked) in sets.into_iter().zip(&asked) {
            if let Some(asked) = asked {
                // SAFETY: The caller has passed the set.
                unsafe { *set = *asked };
            }
        }
        let mut now = timeval { tv_sec: 0, tv_usec: 0 };
        // SAFETY: The caller has passed the sets.
        unsafe { real(n, reads, writes, exceptions, &raw mut now) }
    };
    let gather = || {
        let flags = [EventFlags::IN, EventFlags::OUT, EventFlags::PRI];
        gathered(asked.iter().zip(flags).flat_map(|(set, flags)| {
            (0..n)
                .filter(move |fd| {
                    // SAFETY: The number is less than the size of the set.
                    set.as_ref().is_some_and(|set| unsafe { libc::FD_ISSET(*fd, set) })
                })
                .map(move |fd| (fd, flags))
        }))
    };
    wait(of_timeval(timeout), look, gather)
}

pub(crate) unsafe fn epoll_wait(
    real: unsafe extern "C" fn(c_int, *mut epoll_event, c_int, c_int) -> c_int,
    epoll: c_int,
    events: *mut epoll_event,
    most: c_int,
    timeout: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    let look = || unsafe { real(epoll, events, most, 0) };
    wait(milliseconds(timeout), look, || duplicate(epoll))
}

fn duplicate(fd: c_int) -> Result<OwnedFd, Errno> {
    fcntl_dupfd_cloexec(descriptor(fd).ok_or(Errno::BADF)?, 3)
}
