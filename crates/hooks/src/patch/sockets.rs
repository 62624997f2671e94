//! Patched calls on sockets: the real call with `MSG_DONTWAIT`, and a wait for the socket.

use std::{
    ffi::{c_int, c_void},
    ptr,
};

use libc::{msghdr, size_t, sockaddr, socklen_t, ssize_t, timeval};
use quadrivium_core::Interest::{Readable, Writable};

use super::{
    call::{Unfinished, patched},
    waits::{is_nonblocking, is_ready, limit, result, until_ready, when_ready, write_all},
};
use crate::system;

/// Calls with these flags never wait.
const NEVER_WAIT: c_int = libc::MSG_DONTWAIT | libc::MSG_ERRQUEUE;

type RealAccept4 = unsafe extern "C" fn(c_int, *mut sockaddr, *mut socklen_t, c_int) -> c_int;
type RealAccept = unsafe extern "C" fn(c_int, *mut sockaddr, *mut socklen_t) -> c_int;
type RealConnect = unsafe extern "C" fn(c_int, *const sockaddr, socklen_t) -> c_int;
type RealRecv = unsafe extern "C" fn(c_int, *mut c_void, size_t, c_int) -> ssize_t;
type RealRecvFrom = unsafe extern "C" fn(
    c_int,
    *mut c_void,
    size_t,
    c_int,
    *mut sockaddr,
    *mut socklen_t,
) -> ssize_t;
type RealRecvMsg = unsafe extern "C" fn(c_int, *mut msghdr, c_int) -> ssize_t;
type RealSend = unsafe extern "C" fn(c_int, *const c_void, size_t, c_int) -> ssize_t;
type RealSendTo = unsafe extern "C" fn(
    c_int,
    *const c_void,
    size_t,
    c_int,
    *const sockaddr,
    socklen_t,
) -> ssize_t;
type RealSendMsg = unsafe extern "C" fn(c_int, *const msghdr, c_int) -> ssize_t;

/// # Safety
///
/// As for the C function, here and below.
pub(crate) unsafe fn accept4(
    real: RealAccept4,
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    accepted(fd, |fd| unsafe { real(fd, address, length, flags) })
}

pub(crate) unsafe fn accept(
    real: RealAccept,
    fd: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> Option<c_int> {
    // SAFETY: The caller has passed these arguments.
    accepted(fd, |fd| unsafe { real(fd, address, length) })
}

fn accepted(fd: c_int, accept: impl Fn(c_int) -> c_int) -> Option<c_int> {
    patched(|call| {
        let accept = |fd| result(accept(fd) as isize);
        when_ready(call, fd, Readable, || limit(fd, Readable), accept).map(|fd| fd as c_int)
    })
}

/// Sets `SO_SNDTIMEO`. Failures do not matter: the connect then waits in the kernel.
fn limit_send(fd: c_int, limit: timeval) {
    let (option, length) = (ptr::from_ref(&limit).cast(), size_of::<timeval>() as socklen_t);
    // SAFETY: The pointer and the length are those of the value.
    unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDTIMEO, option, length) };
}

/// A connect has no flag that keeps it from waiting. But the kernel does not wait if the limit for
/// sends is negative. So the limit is negative during the system call.
pub(crate) unsafe fn connect(
    real: RealConnect,
    fd: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> Option<c_int> {
    let try_connect = || {
        let former = system::send_limit(fd);
        if former.is_some() {
            limit_send(fd, timeval { tv_sec: -1, tv_usec: 0 });
        }
        // SAFETY: The caller has passed these arguments.
        let connected = result(unsafe { real(fd, address, length) } as isize);
        former.inspect(|limit| limit_send(fd, *limit));
        connected
    };
    patched(|call| {
        call.give_way()?;
        let deadline = call.deadline(limit(fd, Writable));
        loop {
            match try_connect() {
                Ok(_) => return Ok(0),
                Err(errno @ (libc::EINPROGRESS | libc::EAGAIN)) if is_nonblocking(fd) => {
                    return Err(Unfinished::Fails(errno));
                }
                Err(libc::EINPROGRESS) => break,
                // The queue of a Unix socket is full, and the kernel reports no event for it.
                Err(libc::EAGAIN) => call.retry_later(deadline, libc::EAGAIN)?,
                Err(errno) => return Err(Unfinished::Fails(errno)),
            }
        }
        let connected = |fd| match is_ready(fd, Writable) {
            false => Err(libc::EAGAIN),
            true => match system::socket_option(fd, libc::SO_ERROR) {
                Some(0) => Ok(0),
                Some(errno) => Err(errno),
                None => Err(system::errno()),
            },
        };
        match until_ready(call, fd, Writable, || limit(fd, Writable), connected) {
            Ok(_) => Ok(0),
            // As the kernel says it.
            Err(Unfinished::Fails(libc::EAGAIN)) => Err(Unfinished::Fails(libc::EINPROGRESS)),
            Err(stop) => Err(stop),
        }
    })
}

/// Receives with an operation that gets the descriptor and the flags.
pub(super) fn receive(
    fd: c_int,
    flags: c_int,
    operation: impl Fn(c_int, c_int) -> ssize_t,
) -> Option<ssize_t> {
    if flags & NEVER_WAIT != 0 {
        return None;
    }
    patched(|call| {
        let operation = |fd| result(operation(fd, flags | libc::MSG_DONTWAIT));
        until_ready(call, fd, Readable, || limit(fd, Readable), operation)
    })
}

/// Sends all bytes with an operation that gets the descriptor, the flags, and the number of bytes
/// that have been sent.
pub(super) fn send_all(
    fd: c_int,
    flags: c_int,
    length: usize,
    operation: impl Fn(c_int, c_int, usize) -> ssize_t,
) -> Option<ssize_t> {
    if flags & NEVER_WAIT != 0 {
        return None;
    }
    patched(|call| {
        let operation = |fd, sent| result(operation(fd, flags | libc::MSG_DONTWAIT, sent));
        write_all(call, fd, length, operation)
    })
}

pub(crate) unsafe fn recv(
    real: RealRecv,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
) -> Option<ssize_t> {
    if flags & (libc::MSG_WAITALL | libc::MSG_PEEK) == libc::MSG_WAITALL {
        // SAFETY: As above.
        return unsafe { recv_all(real, fd, buffer, length, flags) };
    }
    // SAFETY: The caller has passed these arguments.
    receive(fd, flags, |fd, flags| unsafe { real(fd, buffer, length, flags) })
}

/// With `MSG_WAITALL` the kernel waits until the buffer is full, or the stream is over.
unsafe fn recv_all(
    real: RealRecv,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
) -> Option<ssize_t> {
    if flags & NEVER_WAIT != 0 {
        return None;
    }
    patched(|call| {
        let mut received = 0;
        loop {
            let operation = |fd| {
                // SAFETY: The caller has passed the buffer. `received` is at most its length.
                result(unsafe {
                    let rest = buffer.byte_add(received);
                    real(fd, rest, length - received, flags | libc::MSG_DONTWAIT)
                })
            };
            match until_ready(call, fd, Readable, || limit(fd, Readable), operation) {
                // The stream is over.
                Ok(0) => return Ok(received.cast_signed()),
                Ok(n) => received += n.unsigned_abs(),
                Err(_) if received > 0 => return Ok(received.cast_signed()),
                Err(stop) => return Err(stop),
            }
            let is_stream = system::socket_option(fd, libc::SO_TYPE) == Some(libc::SOCK_STREAM);
            if received == length || !is_stream {
                return Ok(received.cast_signed());
            }
        }
    })
}

pub(crate) unsafe fn recvfrom(
    real: RealRecvFrom,
    fd: c_int,
    buffer: *mut c_void,
    length: size_t,
    flags: c_int,
    address: *mut sockaddr,
    address_length: *mut socklen_t,
) -> Option<ssize_t> {
    receive(fd, flags, |fd, flags| {
        // SAFETY: The caller has passed these arguments.
        unsafe { real(fd, buffer, length, flags, address, address_length) }
    })
}

pub(crate) unsafe fn recvmsg(
    real: RealRecvMsg,
    fd: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed these arguments.
    receive(fd, flags, |fd, flags| unsafe { real(fd, message, flags) })
}

pub(crate) unsafe fn send(
    real: RealSend,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed the buffer. Its first `sent` bytes have been sent.
    send_all(fd, flags, length, |fd, flags, sent| unsafe {
        real(fd, buffer.byte_add(sent), length - sent, flags)
    })
}

pub(crate) unsafe fn sendto(
    real: RealSendTo,
    fd: c_int,
    buffer: *const c_void,
    length: size_t,
    flags: c_int,
    address: *const sockaddr,
    address_length: socklen_t,
) -> Option<ssize_t> {
    // SAFETY: As for `send`.
    send_all(fd, flags, length, |fd, flags, sent| unsafe {
        real(fd, buffer.byte_add(sent), length - sent, flags, address, address_length)
    })
}

/// A message is sent in part if the socket has no room for all of it. The caller sends the rest, as
/// after a signal.
pub(crate) unsafe fn sendmsg(
    real: RealSendMsg,
    fd: c_int,
    message: *const msghdr,
    flags: c_int,
) -> Option<ssize_t> {
    // SAFETY: The caller has passed these arguments.
    send_all(fd, flags, 0, |fd, flags, _sent| unsafe { real(fd, message, flags) })
}
