//! Patched sleeps. After a cancel they return at once, as if the time were over.

use std::{ffi::c_int, time::Duration};

use libc::{c_uint, clockid_t, timespec, useconds_t};

use super::call::{Unfinished, patched_or};
use crate::system;

fn sleep(duration: Option<Duration>) -> Option<c_int> {
    patched_or(0, |call| match duration {
        // A bad pointer or a time out of range: the real function returns the error.
        None => Err(Unfinished::Real),
        Some(Duration::ZERO) => Ok(0),
        Some(duration) => call.sleep(duration).map(|()| 0),
    })
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn clock_nanosleep(
    _: unsafe extern "C" fn(clockid_t, c_int, *const timespec, *mut timespec) -> c_int,
    clock: clockid_t,
    flags: c_int,
    request: *const timespec,
    _remain: *mut timespec,
) -> Option<c_int> {
    // Other clocks count the time of a process or of a thread.
    if !matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_MONOTONIC | libc::CLOCK_BOOTTIME) {
        return None;
    }
    let time = system::read(request).and_then(system::duration);
    sleep(match flags & libc::TIMER_ABSTIME {
        0 => time,
        _ => time.zip(system::time(clock)).map(|(until, now)| until.saturating_sub(now)),
    })
}

pub(crate) unsafe fn nanosleep(
    _: unsafe extern "C" fn(*const timespec, *mut timespec) -> c_int,
    request: *const timespec,
    _remain: *mut timespec,
) -> Option<c_int> {
    sleep(system::read(request).and_then(system::duration))
}

pub(crate) unsafe fn sleep_seconds(
    _: unsafe extern "C" fn(c_uint) -> c_uint,
    seconds: c_uint,
) -> Option<c_uint> {
    sleep(Some(Duration::from_secs(seconds.into()))).map(|_| 0)
}

pub(crate) unsafe fn usleep(
    _: unsafe extern "C" fn(useconds_t) -> c_int,
    microseconds: useconds_t,
) -> Option<c_int> {
    sleep(Some(Duration::from_micros(microseconds.into())))
}

pub(crate) unsafe fn sched_yield(_: unsafe extern "C" fn() -> c_int) -> Option<c_int> {
    patched_or(0, |call| call.turn().map(|()| 0))
}
