//! Patched calls on files: on another OS thread, because the kernel has no events for files.
//!
//! If the green thread is cancelled meanwhile, the call on the other thread runs to its end. So it
//! works on copies of paths and of memory, and on a duplicate of the descriptor.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd},
};

use libc::{mode_t, off_t, size_t, ssize_t};
use rustix::io::fcntl_dupfd_cloexec;

use super::{
    call::{CResult, PatchedCall, Unfinished, patched},
    waits::descriptor,
};
use crate::system;

type RealOpen = unsafe extern "C" fn(*const c_char, c_int, mode_t) -> c_int;
type RealOpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, mode_t) -> c_int;
type RealPath = unsafe extern "C" fn(*const c_char) -> c_int;
type RealPathMode = unsafe extern "C" fn(*const c_char, mode_t) -> c_int;
type RealTwoPaths = unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;
type RealDescriptor = unsafe extern "C" fn(c_int) -> c_int;
type RealFlock = unsafe extern "C" fn(c_int, c_int) -> c_int;
type RealTruncate = unsafe extern "C" fn(c_int, off_t) -> c_int;
type RealReadAt = unsafe extern "C" fn(c_int, *mut c_void, size_t, off_t) -> ssize_t;
type RealWriteAt = unsafe extern "C" fn(c_int, *const c_void, size_t, off_t) -> ssize_t;

/// Makes a call on another thread, and returns what it returned there, or its `errno`.
pub(super) fn offload<R: CResult + PartialEq + Send + 'static>(
    call: &PatchedCall,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Unfinished> {
    let (returned, errno) = call.offload(move || {
        let returned = work();
        (returned, system::errno())
    })?;
    if returned == R::FAILED { Err(Unfinished::Fails(errno)) } else { Ok(returned) }
}

/// Copies a path. Returns `None` if the pointer is bad.
unsafe fn path(path: *const c_char) -> Option<CString> {
    system::read(path.cast::<[u8; 1]>())?;
    // SAFETY: The caller has passed a text.
    Some(unsafe { CStr::from_ptr(path) }.to_owned())
}

/// Duplicates a descriptor. The duplicate has the same position and the same locks.
pub(super) fn duplicate(fd: c_int) -> Result<OwnedFd, Unfinished> {
    let fd = descriptor(fd).ok_or(Unfinished::Real)?;
    fcntl_dupfd_cloexec(fd, 3).map_err(|_| Unfinished::Real)
}

/// Opens a file on another thread. A file that no green thread gets is closed.
fn opened(open: impl FnOnce() -> c_int + Send + 'static) -> Option<c_int> {
    patched(|call| {
        let opened = call.offload(move || match open() {
            -1 => Err(system::errno()),
            // SAFETY: The call has just opened it.
            fd => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        })?;
        opened.map(IntoRawFd::into_raw_fd).map_err(Unfinished::Fails)
    })
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn open(
    real: RealOpen,
    at: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    opened(move || unsafe { real(at.as_ptr(), flags, mode) })
}

pub(crate) unsafe fn openat(
    real: RealOpenAt,
    folder: c_int,
    at: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> Option<c_int> {
    // The folder could be closed meanwhile.
    if folder != libc::AT_FDCWD {
        return None;
    }
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    opened(move || unsafe { real(folder, at.as_ptr(), flags, mode) })
}

pub(crate) unsafe fn on_path(real: RealPath, at: *const c_char) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    patched(|call| offload(call, move || unsafe { real(at.as_ptr()) }))
}

pub(crate) unsafe fn mkdir(real: RealPathMode, at: *const c_char, mode: mode_t) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { path(at) }?;
    // SAFETY: The path lives until the call returns.
    patched(|call| offload(call, move || unsafe { real(at.as_ptr(), mode) }))
}

pub(crate) unsafe fn rename(
    real: RealTwoPaths,
    from: *const c_char,
    to: *const c_char,
) -> Option<c_int> {
    // SAFETY: The caller has passed the paths.
    let (from, to) = unsafe { (path(from)?, path(to)?) };
    // SAFETY: The paths live until the call returns.
    patched(|call| offload(call, move || unsafe { real(from.as_ptr(), to.as_ptr()) }))
}

pub(crate) unsafe fn on_descriptor(real: RealDescriptor, fd: c_int) -> Option<c_int> {
    patched(|call| {
        let own = duplicate(fd)?;
        // SAFETY: The descriptor is open until the call returns.
        offload(call, move || unsafe { real(own.as_raw_fd()) })
    })
}

pub(crate) unsafe fn ftruncate(real: RealTruncate, fd: c_int, length: off_t) -> Option<c_int> {
    patched(|call| {
        let own = duplicate(fd)?;
        // SAFETY: The descriptor is open until the call returns.
        offload(call, move || unsafe { real(own.as_raw_fd(), length) })
    })
}

pub(crate) unsafe fn flock(real: RealFlock, fd: c_int, operation: c_int) -> Option<c_int> {
    if operation & (libc::LOCK_NB | libc::LOCK_UN) != 0 {
        return None;
    }
    patched(|call| {
        // SAFETY: The caller has passed these arguments.
        if unsafe { real(fd, operation | libc::LOCK_NB) } == 0 {
            return Ok(0);
        }
        if system::errno() != libc::EWOULDBLOCK {
            return Err(Unfinished::Fails(system::errno()));
        }
        let own = duplicate(fd)?;
        // SAFETY: The descriptor is open until the call returns.
        offload(call, move || unsafe { real(own.as_raw_fd(), operation) })
    })
}

/// Reads into memory of the other thread's own, and copies from there.
pub(super) fn read_elsewhere(
    call: &PatchedCall,
    fd: c_int,
    buffer: *mut c_void,
    length: usize,
    read: impl FnOnce(c_int, *mut c_void, usize) -> ssize_t + Send + 'static,
) -> Result<ssize_t, Unfinished> {
    let own = duplicate(fd)?;
    let (n, errno, bytes) = call.offload(move || {
        let mut bytes = vec![0_u8; length];
        let n = read(own.as_raw_fd(), bytes.as_mut_ptr().cast(), length);
        (n, system::errno(), bytes)
    })?;
    let Ok(read) = usize::try_from(n) else { return Err(Unfinished::Fails(errno)) };
    // SAFETY: The caller has passed a buffer of this length. The call has read at most so much.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer.cast(), read.min(length)) };
    Ok(n)
}

/// Writes a copy of the bytes on the other thread.
pub(super) fn write_elsewhere(
    call: &PatchedCall,
    fd: c_int,
    buffer: *const c_void,
    length: usize,
    write: impl FnOnce(c_int, *const c_void, usize) -> ssize_t + Send + 'static,
) -> Result<ssize_t, Unfinished> {
    let own = duplicate(fd)?;
    // SAFETY: The caller has passed a buffer of this length.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) }.to_vec();
    offload(call, move || write(own.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()))
}

pub(crate) unsafe fn pread(
    real: RealReadAt,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    offset: off_t,
) -> Option<ssize_t> {
    if offset < 0 {
        return None;
    }
    let part = libc::iovec { iov_base: buffer, iov_len: length };
    patched(|call| {
        call.give_way()?;
        // Bytes that are in memory need no thread.
        // SAFETY: The caller has passed the buffer.
        let n = unsafe { libc::preadv2(fd, &part, 1, offset, libc::RWF_NOWAIT) };
        if n == 0 || n == length.cast_signed() {
            return Ok(n);
        }
        // SAFETY: The memory and the descriptor belong to the call.
        let read = move |fd, bytes, length| unsafe { real(fd, bytes, length, offset) };
        read_elsewhere(call, fd, buffer, length, read)
    })
}

pub(crate) unsafe fn pwrite(
    real: RealWriteAt,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    offset: off_t,
) -> Option<ssize_t> {
    if length == 0 {
        return None;
    }
    patched(|call| {
        // SAFETY: The memory and the descriptor belong to the call.
        let write = move |fd, bytes, length| unsafe { real(fd, bytes, length, offset) };
        write_elsewhere(call, fd, buffer, length, write)
    })
}
