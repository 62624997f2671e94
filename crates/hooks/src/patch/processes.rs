//! Patched waits for child processes: a descriptor of the process becomes readable at its end.

use std::{ffi::c_int, os::fd::OwnedFd, time::Duration};

use libc::{id_t, idtype_t, pid_t, rusage, siginfo_t};
use quadrivium_core::Interest;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{
    call::{PatchedCall, Unfinished, patched},
    waits::result,
};

/// The time between two looks at children that have no descriptor, because any child is meant.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Opens a descriptor of one child. `None` means that any child is meant, or that the kernel has
/// no such descriptors.
fn descriptor_of(child: pid_t) -> Option<OwnedFd> {
    let child = Pid::from_raw(child).filter(|_| child > 0)?;
    pidfd_open(child, PidfdFlags::empty()).ok()
}

/// Looks at the child with a call that does not wait. Then waits for an event, and looks again.
fn wait(
    child: Option<pid_t>,
    options: c_int,
    look: impl Fn() -> Result<Option<c_int>, Unfinished>,
) -> Option<c_int> {
    if options & libc::WNOHANG != 0 {
        return None;
    }
    // A child that stops or continues is no end of a process.
    let waits_for_end = options & (libc::WUNTRACED | libc::WCONTINUED) == 0;
    patched(|call| {
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            let own = child.filter(|_| waits_for_end).and_then(descriptor_of);
            wait_for(call, own)?;
        }
    })
}

fn wait_for(call: &PatchedCall, own: Option<OwnedFd>) -> Result<(), Unfinished> {
    match own {
        Some(own) => call.ready(own, Interest::Readable, None).map(drop),
        None => call.sleep(LOOK_AGAIN),
    }
}

/// A look that returns zero has found no child that has ended.
fn found(returned: c_int) -> Result<Option<c_int>, Unfinished> {
    let returned = result(returned as isize).map_err(Unfinished::Fails)?;
    Ok((returned != 0).then_some(returned as c_int))
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn waitpid(
    real: unsafe extern "C" fn(pid_t, *mut c_int, c_int) -> pid_t,
    child: pid_t,
    status: *mut c_int,
    options: c_int,
) -> Option<pid_t> {
    // SAFETY: The caller has passed these arguments.
    wait(Some(child), options, || found(unsafe { real(child, status, options | libc::WNOHANG) }))
}

pub(crate) unsafe fn wait_any(
    _: unsafe extern "C" fn(*mut c_int) -> pid_t,
    status: *mut c_int,
) -> Option<pid_t> {
    // SAFETY: The caller has passed the pointer. The hook of `waitpid` falls through.
    wait(None, 0, || found(unsafe { libc::waitpid(-1, status, libc::WNOHANG) }))
}

pub(crate) unsafe fn wait4(
    real: unsafe extern "C" fn(pid_t, *mut c_int, c_int, *mut rusage) -> pid_t,
    child: pid_t,
    status: *mut c_int,
    options: c_int,
    usage: *mut rusage,
) -> Option<pid_t> {
    wait(Some(child), options, || {
        // SAFETY: The caller has passed these arguments.
        found(unsafe { real(child, status, options | libc::WNOHANG, usage) })
    })
}

pub(crate) unsafe fn waitid(
    real: unsafe extern "C" fn(idtype_t, id_t, *mut siginfo_t, c_int) -> c_int,
    of: idtype_t,
    id: id_t,
    info: *mut siginfo_t,
    options: c_int,
) -> Option<c_int> {
    if options & libc::WEXITED == 0 {
        return None;
    }
    let child = match of {
        libc::P_PID => pid_t::try_from(id).ok(),
        _ => None,
    };
    let look = || {
        // SAFETY: All bytes zero are a valid value.
        let mut found: siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: The caller has passed the other arguments.
        let returned = unsafe { real(of, id, &raw mut found, options | libc::WNOHANG) };
        result(returned as isize).map_err(Unfinished::Fails)?;
        // SAFETY: The function has filled it. The number is zero if no child has ended.
        if unsafe { found.si_pid() } == 0 {
            return Ok(None);
        }
        if !info.is_null() {
            // SAFETY: The caller has passed the pointer.
            unsafe { *info = found };
        }
        Ok(Some(0))
    };
    wait(child, options & !libc::WCONTINUED & !libc::WUNTRACED, look)
}
