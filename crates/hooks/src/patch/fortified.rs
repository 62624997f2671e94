//! Patched calls under the names that C code uses if it is built with `_FORTIFY_SOURCE`. They have
//! the size of the caller's memory as one more argument. If the call does not fit there, the real
//! function ends the process.

use std::ffi::{c_char, c_int, c_void};

use libc::{nfds_t, off_t, pollfd, sigset_t, size_t, sockaddr, socklen_t, ssize_t, timespec};

use super::{descriptors, files, paths, readiness, sockets};

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn read(
    real: unsafe extern "C" fn(c_int, *mut c_void, size_t, size_t) -> ssize_t,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    size: size_t,
) -> Option<ssize_t> {
    if length > size {
        return None;
    }
    // SAFETY: The caller has passed the buffer.
    unsafe { descriptors::read_with(fd, buffer, length, |fd| real(fd, buffer, length, size)) }
}

pub(crate) unsafe fn pread(
    real: unsafe extern "C" fn(c_int, *mut c_void, size_t, off_t, size_t) -> ssize_t,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    offset: off_t,
    size: size_t,
) -> Option<ssize_t> {
    if length > size {
        return None;
    }
    // SAFETY: The memory belongs to the call, and has this length.
    let read = move |fd, bytes, length| unsafe { real(fd, bytes, length, offset, length) };
    // SAFETY: The caller has passed the buffer.
    unsafe { files::pread_with(fd, buffer, length, offset, read) }
}

pub(crate) unsafe fn recv(
    real: unsafe extern "C" fn(c_int, *mut c_void, size_t, size_t, c_int) -> ssize_t,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    size: size_t,
    flags: c_int,
) -> Option<ssize_t> {
    // Such a call waits until the buffer is full.
    if length > size || flags & libc::MSG_WAITALL != 0 {
        return None;
    }
    // SAFETY: The caller has passed the buffer.
    sockets::receive(fd, flags, |fd, flags| unsafe { real(fd, buffer, length, size, flags) })
}

#[allow(clippy::too_many_arguments, reason = "the C function has seven")]
pub(crate) unsafe fn recvfrom(
    real: unsafe extern "C" fn(
        c_int,
        *mut c_void,
        size_t,
        size_t,
        c_int,
        *mut sockaddr,
        *mut socklen_t,
    ) -> ssize_t,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    size: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_length: *mut socklen_t,
) -> Option<ssize_t> {
    if length > size {
        return None;
    }
    sockets::receive(fd, flags, |fd, flags| {
        // SAFETY: The caller has passed these arguments.
        unsafe { real(fd, buffer, length, size, flags, address, address_length) }
    })
}

/// Returns whether the caller's memory has room for `n` descriptors.
fn have_room(n: nfds_t, size: size_t) -> bool {
    size / size_of::<pollfd>() >= n as usize
}

pub(crate) unsafe fn poll(
    real: unsafe extern "C" fn(*mut pollfd, nfds_t, c_int, size_t) -> c_int,
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: c_int,
    size: size_t,
) -> Option<c_int> {
    if !have_room(n, size) {
        return None;
    }
    // SAFETY: The caller has passed these arguments.
    unsafe { readiness::poll_with(descriptors, n, timeout, || real(descriptors, n, 0, size)) }
}

pub(crate) unsafe fn ppoll(
    real: unsafe extern "C" fn(
        *mut pollfd,
        nfds_t,
        *const timespec,
        *const sigset_t,
        size_t,
    ) -> c_int,
    descriptors: *mut pollfd,
    n: nfds_t,
    timeout: *const timespec,
    mask: *const sigset_t,
    size: size_t,
) -> Option<c_int> {
    if !have_room(n, size) {
        return None;
    }
    // SAFETY: The caller has passed these arguments.
    unsafe {
        readiness::ppoll_with(descriptors, n, timeout, mask, |now| {
            real(descriptors, n, now, mask, size)
        })
    }
}

pub(crate) unsafe fn open(
    real: unsafe extern "C" fn(*const c_char, c_int) -> c_int,
    at: *const c_char,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { paths::path(at) }?;
    // SAFETY: The path lives until the call returns.
    files::opened(move || unsafe { real(at.as_ptr(), flags) })
}

pub(crate) unsafe fn openat(
    real: unsafe extern "C" fn(c_int, *const c_char, c_int) -> c_int,
    folder: c_int,
    at: *const c_char,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed the path.
    let at = unsafe { paths::path(at) }?;
    let folder = paths::StartFolder::new(folder);
    // SAFETY: The path and the folder live until the call returns.
    files::opened(move || unsafe { real(folder.fd(), at.as_ptr(), flags) })
}

pub(crate) unsafe fn readlink(
    real: unsafe extern "C" fn(*const c_char, *mut c_char, size_t, size_t) -> ssize_t,
    at: *const c_char,
    buffer: *mut c_char,
    length: size_t,
    size: size_t,
) -> Option<ssize_t> {
    if length > size {
        return None;
    }
    // SAFETY: The caller has passed the path and the buffer. The memory belongs to the call.
    unsafe {
        paths::link_target(at, buffer, length, move |at, bytes, length| {
            real(at, bytes, length, length)
        })
    }
}

/// The longest path, with its NUL byte.
const LONGEST_PATH: size_t = libc::PATH_MAX as size_t;

pub(crate) unsafe fn realpath(
    real: unsafe extern "C" fn(*const c_char, *mut c_char, size_t) -> *mut c_char,
    at: *const c_char,
    resolved: *mut c_char,
    size: size_t,
) -> Option<*mut c_char> {
    if size < LONGEST_PATH {
        return None;
    }
    // SAFETY: The caller has passed the path and the buffer. Without a buffer, the real function
    // returns memory of its own.
    unsafe { paths::resolve(at, resolved, move |at| real(at, std::ptr::null_mut(), size)) }
}
