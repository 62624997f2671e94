//! Patched calls on files: on another OS thread, because the kernel has no events for files.
//!
//! If the green thread is cancelled meanwhile, the call on the other thread runs to its end. So it
//! works on copies of paths and of memory, and the descriptor is in use until then.

use std::{
    ffi::{c_char, c_int, c_void},
    os::fd::{FromRawFd, IntoRawFd, OwnedFd},
};

use libc::{iovec, mode_t, off_t, size_t, ssize_t};

use super::{
    call::{CResult, PatchedCall, Unfinished, patched, patched_or},
    in_use::DescriptorInUse,
    paths::{StartFolder, path},
};
use crate::system;

type RealOpen = unsafe extern "C" fn(*const c_char, c_int, mode_t) -> c_int;
type RealOpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, mode_t) -> c_int;
type RealDescriptor = unsafe extern "C" fn(c_int) -> c_int;
type RealFlock = unsafe extern "C" fn(c_int, c_int) -> c_int;
type RealTruncate = unsafe extern "C" fn(c_int, off_t) -> c_int;
type RealReadAt = unsafe extern "C" fn(c_int, *mut c_void, size_t, off_t) -> ssize_t;
type RealVectoredAt = unsafe extern "C" fn(c_int, *const iovec, c_int, off_t) -> ssize_t;
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

/// Opens a file on another thread. A file that no green thread gets is closed.
pub(super) fn opened(open: impl FnOnce() -> c_int + Send + 'static) -> Option<c_int> {
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
    // SAFETY: The caller has passed the path.
    let (at, folder) = (unsafe { path(at) }?, StartFolder::new(folder));
    // SAFETY: The path and the folder live until the call returns.
    opened(move || unsafe { real(folder.fd(), at.as_ptr(), flags, mode) })
}

pub(crate) unsafe fn on_descriptor(real: RealDescriptor, fd: c_int) -> Option<c_int> {
    patched(|call| {
        let own = DescriptorInUse::new(fd);
        // SAFETY: The descriptor is open until the call returns.
        offload(call, move || unsafe { real(own.fd()) })
    })
}

pub(crate) unsafe fn ftruncate(real: RealTruncate, fd: c_int, length: off_t) -> Option<c_int> {
    patched(|call| {
        let own = DescriptorInUse::new(fd);
        // SAFETY: The descriptor is open until the call returns.
        offload(call, move || unsafe { real(own.fd(), length) })
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
        let own = DescriptorInUse::new(fd);
        let (lock, errno) = call.offload(move || {
            // SAFETY: The descriptor is open until the call returns.
            let returned = unsafe { real(own.fd(), operation) };
            ((returned == 0).then_some(TakenLock { own, is_kept: false }), system::errno())
        })?;
        lock.ok_or(Unfinished::Fails(errno)).map(TakenLock::keep)
    })
}

/// A lock of a file that was taken on another thread. It is freed, unless the caller gets it.
struct TakenLock {
    own: DescriptorInUse,
    is_kept: bool,
}

impl TakenLock {
    /// Leaves the lock to the caller, and returns zero, as the real function does.
    fn keep(mut self) -> c_int {
        self.is_kept = true;
        0
    }
}

impl Drop for TakenLock {
    fn drop(&mut self) {
        if !self.is_kept {
            // SAFETY: The descriptor is open.
            unsafe { libc::flock(self.own.fd(), libc::LOCK_UN) };
        }
    }
}

/// Reads into memory of the other thread's own, and copies from there.
pub(super) fn read_elsewhere(
    call: &PatchedCall,
    fd: c_int,
    buffer: *mut c_void,
    length: usize,
    read: impl FnOnce(c_int, *mut c_void, usize) -> ssize_t + Send + 'static,
) -> Result<ssize_t, Unfinished> {
    let own = DescriptorInUse::new(fd);
    let (n, errno, bytes) = call.offload(move || {
        let mut bytes = vec![0_u8; length];
        let n = read(own.fd(), bytes.as_mut_ptr().cast(), length);
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
    let own = DescriptorInUse::new(fd);
    // SAFETY: The caller has passed a buffer of this length.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), length) }.to_vec();
    offload(call, move || write(own.fd(), bytes.as_ptr().cast(), bytes.len()))
}

pub(crate) unsafe fn pread(
    real: RealReadAt,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    offset: off_t,
) -> Option<ssize_t> {
    // SAFETY: The memory and the descriptor belong to the call.
    let read = move |fd, bytes, length| unsafe { real(fd, bytes, length, offset) };
    // SAFETY: The caller has passed the buffer.
    unsafe { pread_with(fd, buffer, length, offset, read) }
}

pub(super) unsafe fn pread_with(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    offset: off_t,
    read: impl FnOnce(c_int, *mut c_void, usize) -> ssize_t + Send + 'static,
) -> Option<ssize_t> {
    if offset < 0 {
        return None;
    }
    let part = iovec { iov_base: buffer, iov_len: length };
    patched(|call| {
        call.give_way()?;
        // Bytes that are in memory need no thread.
        // SAFETY: The caller has passed the buffer.
        let n = unsafe { libc::preadv2(fd, &part, 1, offset, libc::RWF_NOWAIT) };
        if n == 0 || n == length.cast_signed() {
            return Ok(n);
        }
        read_elsewhere(call, fd, buffer, length, read)
    })
}

/// Reads into the first buffer only, as a read may.
pub(crate) unsafe fn preadv(
    _: RealVectoredAt,
    fd: c_int,
    parts: *const iovec,
    n: c_int,
    offset: off_t,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the buffers.
    let part = unsafe { first_part(parts, n) }?;
    // SAFETY: As for `pread`.
    unsafe { pread(libc::pread, fd, part.iov_base, part.iov_len, offset) }
}

/// Returns the first buffer that is not empty. Returns `None` if there is none, or the pointer is
/// bad.
pub(super) unsafe fn first_part(parts: *const iovec, n: c_int) -> Option<iovec> {
    system::read(parts.cast::<[usize; 2]>())?;
    // SAFETY: The caller has passed `n` buffers.
    let parts = unsafe { std::slice::from_raw_parts(parts, usize::try_from(n).ok()?) };
    parts.iter().find(|part| part.iov_len > 0).copied()
}

/// Copies the bytes of buffers.
pub(super) unsafe fn gathered(parts: &[iovec]) -> Vec<u8> {
    let is_full = |part: &&iovec| part.iov_len > 0;
    let slice = |part: &iovec| {
        // SAFETY: The caller has passed the buffer.
        unsafe { std::slice::from_raw_parts(part.iov_base.cast_const().cast::<u8>(), part.iov_len) }
    };
    parts.iter().filter(is_full).map(slice).collect::<Vec<_>>().concat()
}

pub(crate) unsafe fn pwritev(
    _: RealVectoredAt,
    fd: c_int,
    parts: *const iovec,
    n: c_int,
    offset: off_t,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed `n` buffers.
    let bytes = unsafe {
        first_part(parts, n)?;
        gathered(std::slice::from_raw_parts(parts, n.unsigned_abs() as usize))
    };
    // SAFETY: As for `pwrite`.
    unsafe { pwrite(libc::pwrite, fd, bytes.as_ptr().cast(), bytes.len(), offset) }
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

/// An offset in the caller's memory, or null. The other thread works on a copy of it.
unsafe fn offset_of(at: *mut i64) -> Option<Option<i64>> {
    if at.is_null() { Some(None) } else { system::read(at.cast_const()).map(Some) }
}

/// Moves bytes between two descriptors with a call that notes how far it came in two offsets.
unsafe fn moved(
    descriptors: [c_int; 2],
    offsets: [*mut i64; 2],
    real: impl FnOnce([c_int; 2], [*mut i64; 2]) -> ssize_t + Send + 'static,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the offsets.
    let [from, to] = offsets.map(|at| unsafe { offset_of(at) });
    let mut copies = [from?, to?];
    patched(|call| {
        let own = descriptors.map(DescriptorInUse::new);
        let (n, errno, copies) = call.offload(move || {
            let pointers = copies.each_mut().map(|it| match it {
                Some(offset) => &raw mut *offset,
                None => std::ptr::null_mut(),
            });
            let n = real(own.each_ref().map(DescriptorInUse::fd), pointers);
            (n, system::errno(), copies)
        })?;
        for (offset, copy) in offsets.into_iter().zip(copies) {
            if let Some(copy) = copy {
                // SAFETY: The caller has passed the offset.
                unsafe { *offset = copy };
            }
        }
        if n == -1 { Err(Unfinished::Fails(errno)) } else { Ok(n) }
    })
}

pub(crate) unsafe fn copy_file_range(
    real: unsafe extern "C" fn(c_int, *mut i64, c_int, *mut i64, size_t, u32) -> ssize_t,
    from: c_int,
    from_offset: *mut i64,
    to: c_int,
    to_offset: *mut i64,
    length: size_t,
    flags: u32,
) -> Option<ssize_t> {
    let copy = move |[from, to]: [c_int; 2], [from_offset, to_offset]: [*mut i64; 2]| {
        // SAFETY: The offsets and the descriptors belong to the call.
        unsafe { real(from, from_offset, to, to_offset, length, flags) }
    };
    // SAFETY: The caller has passed the offsets.
    unsafe { moved([from, to], [from_offset, to_offset], copy) }
}

/// A socket or a pipe that has no room would keep the other thread for ever. So only files are
/// written in this way.
pub(crate) unsafe fn sendfile(
    real: unsafe extern "C" fn(c_int, c_int, *mut i64, size_t) -> ssize_t,
    to: c_int,
    from: c_int,
    offset: *mut i64,
    length: size_t,
) -> Option<ssize_t> {
    if system::descriptor_type(to) != Some(libc::S_IFREG) {
        return None;
    }
    let send = move |[to, from]: [c_int; 2], [offset, _]: [*mut i64; 2]| {
        // SAFETY: The offset and the descriptors belong to the call.
        unsafe { real(to, from, offset, length) }
    };
    // SAFETY: The caller has passed the offset.
    unsafe { moved([to, from], [offset, std::ptr::null_mut()], send) }
}

pub(crate) unsafe fn sync(real: unsafe extern "C" fn()) -> Option<()> {
    // SAFETY: It takes no argument.
    patched_or((), |call| call.offload(move || unsafe { real() }))
}
