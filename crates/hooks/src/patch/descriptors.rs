//! Patched reads and writes of any descriptor: sockets, pipes, devices and files.

use std::{
    ffi::{c_int, c_void},
    slice,
};

use libc::{iovec, msghdr, size_t, ssize_t};
use quadrivium_core::Interest::{self, Readable, Writable};

use super::{
    call::{PatchedCall, Unfinished, patched},
    files::{first_part, gathered, offload, read_elsewhere},
    in_use::DescriptorInUse,
    waits::{limit, result, until_ready, when_ready, write_all},
};
use crate::system;

type RealRead = unsafe extern "C" fn(c_int, *mut c_void, size_t) -> ssize_t;
type RealWrite = unsafe extern "C" fn(c_int, *const c_void, size_t) -> ssize_t;
type RealVectored = unsafe extern "C" fn(c_int, *const iovec, c_int) -> ssize_t;

/// How a descriptor is read or written without a wait.
enum HowToTry {
    Socket,
    Pipe,
    File,
    /// A terminal, an event counter or a timer. It is used only when it is ready.
    Other,
}

/// Returns the kind of a descriptor. The real call returns the error of a folder.
fn kind(fd: c_int) -> Result<HowToTry, Unfinished> {
    match system::descriptor_type(fd) {
        Some(libc::S_IFSOCK) => Ok(HowToTry::Socket),
        Some(libc::S_IFIFO) => Ok(HowToTry::Pipe),
        Some(libc::S_IFREG | libc::S_IFBLK) => Ok(HowToTry::File),
        Some(libc::S_IFDIR) | None => Err(Unfinished::Real),
        Some(_) => Ok(HowToTry::Other),
    }
}

/// Returns a message without an address.
fn message(parts: *const iovec, n: c_int) -> msghdr {
    // SAFETY: All bytes zero are a message without parts.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.cast_mut();
    message.msg_iovlen = n as _;
    message
}

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn read(
    real: RealRead,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the buffer.
    unsafe { read_with(fd, buffer, length, |fd| real(fd, buffer, length)) }
}

pub(super) unsafe fn read_with(
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    real: impl Fn(c_int) -> ssize_t,
) -> Option<ssize_t> {
    if length == 0 {
        return None;
    }
    let part = iovec { iov_base: buffer, iov_len: length };
    // SAFETY: The caller has passed the buffer.
    patched(|call| unsafe { read_into(call, fd, &part, 1, real) })
}

pub(crate) unsafe fn readv(
    real: RealVectored,
    fd: c_int,
    parts: *const iovec,
    n: c_int,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the buffers.
    patched(|call| unsafe { read_into(call, fd, parts, n, |fd| real(fd, parts, n)) })
}

unsafe fn read_into(
    call: &PatchedCall,
    fd: c_int,
    parts: *const iovec,
    n: c_int,
    real: impl Fn(c_int) -> ssize_t,
) -> Result<ssize_t, Unfinished> {
    match kind(fd)? {
        HowToTry::Socket => {
            let receive = |fd| {
                let mut message = message(parts, n);
                // SAFETY: The caller has passed the buffers.
                result(unsafe { libc_recvmsg(fd, &mut message) })
            };
            until_ready(call, fd, Readable, || limit(fd, Readable), receive)
        }
        HowToTry::Pipe => {
            // SAFETY: The caller has passed the buffers.
            let read = |fd| result(unsafe { libc::preadv2(fd, parts, n, -1, libc::RWF_NOWAIT) });
            or_when_ready(call, fd, Readable, read, |fd| result(real(fd)))
        }
        HowToTry::File => {
            // Bytes that are in memory need no thread.
            // SAFETY: The caller has passed the buffers.
            match unsafe { libc::preadv2(fd, parts, n, -1, libc::RWF_NOWAIT) } {
                -1 if system::errno() == libc::EFAULT => {
                    return Err(Unfinished::Fails(libc::EFAULT));
                }
                -1 => {}
                n => return Ok(n),
            }
            // A read may fill one buffer only.
            // SAFETY: The caller has passed the buffers.
            let part = unsafe { first_part(parts, n) }.ok_or(Unfinished::Real)?;
            // SAFETY: The memory and the descriptor belong to the call.
            let read = |fd, bytes, length| unsafe { libc::read(fd, bytes, length) };
            read_elsewhere(call, fd, part.iov_base, part.iov_len, read)
        }
        HowToTry::Other => when_ready(call, fd, Readable, || None, |fd| result(real(fd))),
    }
}

/// Uses the first operation, which never waits. Where the kernel does not offer it, uses the second
/// one when the descriptor is ready.
fn or_when_ready(
    call: &PatchedCall,
    fd: c_int,
    interest: Interest,
    operation: impl Fn(c_int) -> Result<ssize_t, c_int>,
    real: impl Fn(c_int) -> Result<ssize_t, c_int>,
) -> Result<ssize_t, Unfinished> {
    match until_ready(call, fd, interest, || None, operation) {
        Err(Unfinished::Fails(libc::EOPNOTSUPP | libc::ENOSYS)) => {
            when_ready(call, fd, interest, || None, real)
        }
        done => done,
    }
}

pub(crate) unsafe fn write(
    real: RealWrite,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
) -> Option<ssize_t> {
    if length == 0 {
        return None;
    }
    let part = iovec { iov_base: buffer.cast_mut(), iov_len: length };
    let real = |fd, parts: &[iovec]| {
        let part = parts[0];
        // SAFETY: This is a part of the buffer that the caller has passed.
        unsafe { real(fd, part.iov_base, part.iov_len) }
    };
    // SAFETY: The caller has passed the buffer.
    unsafe { write_from(fd, &part, 1, real) }
}

pub(crate) unsafe fn writev(
    real: RealVectored,
    fd: c_int,
    parts: *const iovec,
    n: c_int,
) -> Option<ssize_t> {
    if n <= 0 || system::read(parts.cast::<[usize; 2]>()).is_none() {
        return None;
    }
    let real = |fd, parts: &[iovec]| {
        // SAFETY: These are the buffers that the caller has passed.
        unsafe { real(fd, parts.as_ptr(), parts.len() as c_int) }
    };
    // SAFETY: The caller has passed the buffers.
    unsafe { write_from(fd, parts, n, real) }
}

/// A write of this length does not wait if the pipe has room at all.
const ONE_PAGE: usize = 4096;

unsafe fn write_from(
    fd: c_int,
    parts: *const iovec,
    n: c_int,
    real: impl Fn(c_int, &[iovec]) -> ssize_t,
) -> Option<ssize_t> {
    // The lock of standard output knows its OS thread only.
    if fd == libc::STDOUT_FILENO || fd == libc::STDERR_FILENO {
        return None;
    }
    // SAFETY: The caller has passed `n` buffers.
    let parts = unsafe { slice::from_raw_parts(parts, n.unsigned_abs() as usize) };
    let length = parts.iter().map(|part| part.iov_len).sum();
    patched(|call| match kind(fd)? {
        HowToTry::Socket => write_all(call, fd, length, |fd, sent| {
            let rest = rest(parts, sent, usize::MAX);
            let message = message(rest.as_ptr(), rest.len() as c_int);
            // SAFETY: These are parts of the buffers that the caller has passed.
            result(unsafe { libc_sendmsg(fd, &message) })
        }),
        HowToTry::Pipe => write_all(call, fd, length, |fd, written| {
            let rest = rest(parts, written, usize::MAX);
            let (first, n) = (rest.as_ptr(), rest.len() as c_int);
            // SAFETY: These are parts of the buffers that the caller has passed.
            result(unsafe { libc::pwritev2(fd, first, n, -1, libc::RWF_NOWAIT) })
        })
        .or_else(|stop| match stop {
            // The kernel has no writes that never wait.
            Unfinished::Fails(libc::EOPNOTSUPP | libc::ENOSYS) => {
                write_all(call, fd, length, |fd, written| {
                    match super::waits::is_ready(fd, Writable) {
                        true => result(real(fd, &rest(parts, written, ONE_PAGE))),
                        false => Err(libc::EAGAIN),
                    }
                })
            }
            stop => Err(stop),
        }),
        HowToTry::File => {
            // SAFETY: The caller has passed the buffers.
            let bytes = unsafe { gathered(parts) };
            let own = DescriptorInUse::new(fd);
            offload(call, move || {
                // SAFETY: The bytes and the descriptor belong to the call.
                unsafe { libc::write(own.fd(), bytes.as_ptr().cast(), bytes.len()) }
            })
        }
        HowToTry::Other => when_ready(call, fd, Writable, || None, |fd| result(real(fd, parts))),
    })
}

/// Returns the buffers without their first bytes, and with at most `most` bytes.
fn rest(parts: &[iovec], mut skipped: usize, mut most: usize) -> Vec<iovec> {
    let mut rest = Vec::with_capacity(parts.len());
    for part in parts {
        let skipped_here = skipped.min(part.iov_len);
        skipped -= skipped_here;
        let iov_len = (part.iov_len - skipped_here).min(most);
        most -= iov_len;
        if iov_len > 0 {
            rest.push(iovec { iov_base: part.iov_base.wrapping_byte_add(skipped_here), iov_len });
        }
    }
    rest
}

/// The real functions: the hooks of the same names fall through while a patched call runs.
unsafe fn libc_recvmsg(fd: c_int, message: &mut msghdr) -> ssize_t {
    // SAFETY: The caller has passed the buffers of the message.
    unsafe { libc::recvmsg(fd, message, libc::MSG_DONTWAIT) }
}

unsafe fn libc_sendmsg(fd: c_int, message: &msghdr) -> ssize_t {
    // SAFETY: As above.
    unsafe { libc::sendmsg(fd, message, libc::MSG_DONTWAIT) }
}
