//! Patched locks: those of the standard library, which are futexes, and mutexes of the C library.
//!
//! A futex is a word in memory, for whose change a thread waits. `Mutex`, `RwLock`, `Condvar`,
//! `Once` and `Barrier` of std wait there with `FUTEX_WAIT_BITSET`, and any thread may wait for the
//! same word any number of times. So a green thread can wait in place of its OS thread.
//!
//! Two kinds of waits cannot be patched, because their word belongs to an OS thread:
//!
//! * `std::thread::park`, and the channels of std and crossbeam that stand on it;
//! * `FUTEX_WAIT`, with which `parking_lot` waits for a word in its data of the OS thread.

mod table;

use std::{ffi::c_int, ptr, sync::atomic::AtomicU32, time::Duration};

use libc::{c_long, c_void, clockid_t, pthread_mutex_t, pthread_t, timespec};
use quadrivium_core::now;
use quadrivium_green::return_cancelled;

use self::table::{FutexWait, FutexWaited, wake};
use super::{
    call::{PatchedCall, Unfinished, patched_or, tell},
    parker,
};
use crate::system;

type RealSystemCall = unsafe extern "C" fn(
    c_long,
    *mut c_void,
    *mut c_void,
    *mut c_void,
    *mut c_void,
    *mut c_void,
    *mut c_void,
) -> c_long;

const PARK: &str = "its word belongs to the OS thread, so that a second green thread could not \
                    wait there; channels of std and crossbeam stand on it";
const FUTEX_WAIT: &str = "its word may belong to the OS thread, as the words of parking_lot do";

/// # Safety
///
/// As for the C function, here and below.
#[allow(clippy::too_many_arguments, reason = "the C function has seven")]
pub(crate) unsafe fn syscall(
    real: RealSystemCall,
    number: c_long,
    first: *mut c_void,
    second: *mut c_void,
    third: *mut c_void,
    fourth: *mut c_void,
    fifth: *mut c_void,
    sixth: *mut c_void,
) -> Option<c_long> {
    if number != libc::SYS_futex {
        return None;
    }
    // The kernel reads the lower half of these registers.
    let (operation, value) = (second.addr() as u32 as c_int, third.addr() as u32);
    let bits = sixth.addr() as u32;
    match operation & !libc::FUTEX_CLOCK_REALTIME {
        // A lock of the table itself. A green thread that waited for it in the table would never
        // be woken.
        WAIT | WAIT_BITSET | WAKE | WAKE_BITSET if table::is_in_use() => None,
        WAIT_BITSET if parker::is_learnt(first.addr()) => {
            system::restore_errno(libc::ETIMEDOUT);
            Some(-1)
        }
        WAIT_BITSET if !PatchedCall::may_be_patched() => None,
        WAIT_BITSET if parker::is_parker(first.addr(), value) => {
            tell("std::thread::park", PARK);
            None
        }
        WAIT_BITSET => {
            let clock = match operation & libc::FUTEX_CLOCK_REALTIME {
                0 => libc::CLOCK_MONOTONIC,
                _ => libc::CLOCK_REALTIME,
            };
            wait(first.cast(), value, bits, fourth.cast(), clock)
        }
        WAIT => {
            tell("syscall(SYS_futex, .., FUTEX_WAIT, ..)", FUTEX_WAIT);
            None
        }
        WAKE | WAKE_BITSET => {
            let bits = if operation == WAKE { u32::MAX } else { bits };
            let errno = system::errno();
            let woken = wake(first.addr(), value, bits);
            system::restore_errno(errno);
            if woken == 0 {
                return None;
            }
            // An OS thread that waits for the same word is woken, too, although it may be one too
            // many. The green threads may be on that thread, and then they cannot go on before it.
            // SAFETY: The caller has passed these arguments.
            let others = unsafe { real(number, first, second, third, fourth, fifth, sixth) };
            Some(c_long::from(woken).saturating_add(others.max(0)))
        }
        _ => None,
    }
}

const WAIT: c_int = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
const WAIT_BITSET: c_int = libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG;
const WAKE: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
const WAKE_BITSET: c_int = libc::FUTEX_WAKE_BITSET | libc::FUTEX_PRIVATE_FLAG;

fn wait(
    word: *mut u32,
    expected: u32,
    bits: u32,
    until: *const timespec,
    clock: c_int,
) -> Option<c_long> {
    let errno = system::errno();
    let value = system::read(word.cast_const());
    let limit = match until.is_null() {
        true => None,
        false => Some(system::read(until).and_then(system::duration)?),
    };
    let limit = limit.map(|until| until.saturating_sub(system::time(clock).unwrap_or_default()));
    system::restore_errno(errno);
    let value = value.filter(|_| word.is_aligned());
    // Without a value, the real call returns the error.
    if value? != expected {
        // The real call could find the expected value again. Then the OS thread would wait, and
        // with it the green threads that are to change the word.
        system::restore_errno(libc::EAGAIN);
        return Some(-1);
    }
    if limit.is_none() {
        leave_if_cancelled();
    }
    // SAFETY: The word was just read. The caller keeps it while this call lasts, and the wait ends
    // before.
    let word = unsafe { AtomicU32::from_ptr(word) };
    patched_or(-1, |call| {
        let deadline = limit.and_then(|limit| now().checked_add(limit));
        let waited = call.perform(FutexWait::new(word, expected, bits, deadline));
        match waited {
            Ok(FutexWaited::Woken) => Ok(0),
            Ok(FutexWaited::Changed) => Err(Unfinished::Fails(libc::EAGAIN)),
            Ok(FutexWaited::TimedOut) => Err(Unfinished::Fails(libc::ETIMEDOUT)),
            // Std takes any other error for a wake, and waits again.
            Err(Unfinished::Cancelled) if limit.is_none() => Err(Unfinished::LeaveForGood),
            Err(Unfinished::Cancelled) => Err(Unfinished::Fails(libc::ETIMEDOUT)),
            Err(stop) => Err(stop),
        }
    })
}

/// A lock without a limit cannot return an error. So after a cancel the stack is left for ever.
fn leave_if_cancelled() {
    if PatchedCall::is_cancelled() {
        return_cancelled(1);
    }
}

/// The moment after which a mutex of the C library is tried again. It has no event.
const RETRY_DELAY: Duration = Duration::from_millis(1);

pub(crate) unsafe fn pthread_mutex_lock(
    _: unsafe extern "C" fn(*mut pthread_mutex_t) -> c_int,
    mutex: *mut pthread_mutex_t,
) -> Option<c_int> {
    // SAFETY: The caller has passed the mutex.
    let try_lock = || unsafe { libc::pthread_mutex_trylock(mutex) };
    leave_if_cancelled();
    patched_or(libc::ECANCELED, |call| {
        loop {
            match try_lock() {
                libc::EBUSY => match call.sleep(RETRY_DELAY) {
                    Err(Unfinished::Cancelled) => return Err(Unfinished::LeaveForGood),
                    other => other?,
                },
                // The error of a mutex that its own thread has, for example.
                returned => return Ok(returned),
            }
        }
    })
}

pub(crate) unsafe fn pthread_join(
    real: unsafe extern "C" fn(pthread_t, *mut *mut c_void) -> c_int,
    thread: pthread_t,
    returned: *mut *mut c_void,
) -> Option<c_int> {
    // SAFETY: The caller has passed the thread, which no other code may join.
    unsafe { joined(returned, move |value| real(thread, value)) }
}

pub(crate) unsafe fn pthread_timedjoin_np(
    real: unsafe extern "C" fn(pthread_t, *mut *mut c_void, *const timespec) -> c_int,
    thread: pthread_t,
    returned: *mut *mut c_void,
    until: *const timespec,
) -> Option<c_int> {
    let until = system::read(until)?;
    // SAFETY: As for `pthread_join`.
    unsafe { joined(returned, move |value| real(thread, value, &until)) }
}

pub(crate) unsafe fn pthread_clockjoin_np(
    real: unsafe extern "C" fn(pthread_t, *mut *mut c_void, clockid_t, *const timespec) -> c_int,
    thread: pthread_t,
    returned: *mut *mut c_void,
    clock: clockid_t,
    until: *const timespec,
) -> Option<c_int> {
    let until = system::read(until)?;
    // SAFETY: As for `pthread_join`.
    unsafe { joined(returned, move |value| real(thread, value, clock, &until)) }
}

unsafe fn joined(
    returned: *mut *mut c_void,
    join: impl FnOnce(*mut *mut c_void) -> c_int + Send + 'static,
) -> Option<c_int> {
    patched_or(libc::ECANCELED, |call| {
        let (result, value) = call.offload(move || {
            let mut value = ptr::null_mut::<c_void>();
            let result = join(&raw mut value);
            (result, value.expose_provenance())
        })?;
        if result == 0 && !returned.is_null() {
            // SAFETY: The caller has passed the pointer.
            unsafe { *returned = ptr::with_exposed_provenance_mut(value) };
        }
        Ok(result)
    })
}
