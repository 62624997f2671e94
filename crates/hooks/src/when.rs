//! When a call can block, and what it waits for.
//!
//! Each function here returns [`None`] if the call cannot block now: because of its flags, its
//! timeout, the flags of its descriptor, or the state of its lock. It also returns `None` if the
//! call will fail at once, because a pointer is bad or a descriptor is closed.

use std::{ffi::c_int, time::Duration};

use libc::{c_void, clockid_t, pthread_mutex_t, pthread_rwlock_t, sem_t, timespec, timeval};

use crate::system;

/// What a blocking call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// An event without a limit of time.
    Event,
    /// An event, or the end of this time.
    Time(Duration),
    /// A descriptor of this kind.
    Descriptor(DescriptorKind),
}

/// The kind of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum DescriptorKind {
    StandardInput,
    File,
    Folder,
    TcpSocket,
    UdpSocket,
    UnixStream,
    UnixDatagram,
    OtherSocket,
    Pipe,
    /// A terminal, or another device.
    Device,
    Other,
}

/// The call always waits, for as long as it takes.
pub(crate) fn always() -> Option<WaitsFor> {
    Some(WaitsFor::Event)
}

/// The call never waits. It has a hook for the sake of the list.
pub(crate) fn never() -> Option<WaitsFor> {
    None
}

/// The call waits unless this flag is among its flags.
pub(crate) fn unless(flags: c_int, flag: c_int) -> Option<WaitsFor> {
    (flags & flag == 0).then_some(WaitsFor::Event)
}

/// The call waits for a time.
pub(crate) fn time(time: Duration) -> Option<WaitsFor> {
    (!time.is_zero()).then_some(WaitsFor::Time(time))
}

/// The call waits for a time in the caller's memory.
pub(crate) fn timespec(at: *const timespec) -> Option<WaitsFor> {
    time(system::duration(system::read(at)?)?)
}

/// The call waits for an event, or for a time. A null pointer means: without a limit.
pub(crate) fn timespec_or_for_ever(at: *const timespec) -> Option<WaitsFor> {
    if at.is_null() { always() } else { timespec(at) }
}

/// Like [`timespec_or_for_ever`], with microseconds.
pub(crate) fn timeval_or_for_ever(at: *const timeval) -> Option<WaitsFor> {
    if at.is_null() {
        return always();
    }
    let timeval { tv_sec, tv_usec } = system::read(at)?;
    time(system::duration(timespec { tv_sec, tv_nsec: tv_usec.checked_mul(1_000)? })?)
}

/// The call waits until a clock shows a time.
pub(crate) fn until(clock: clockid_t, at: *const timespec) -> Option<WaitsFor> {
    let until = system::duration(system::read(at)?)?;
    time(until.saturating_sub(system::time(clock)?))
}

/// The call waits for an event, or for some milliseconds. A negative number means: without a
/// limit.
pub(crate) fn milliseconds(timeout: c_int) -> Option<WaitsFor> {
    match u64::try_from(timeout) {
        Ok(timeout) => time(Duration::from_millis(timeout)),
        Err(_) => always(),
    }
}

/// The sleep of `clock_nanosleep`.
pub(crate) fn sleep(clock: clockid_t, flags: c_int, request: *const timespec) -> Option<WaitsFor> {
    match flags & libc::TIMER_ABSTIME {
        0 => timespec(request),
        _ => until(clock, request),
    }
}

/// The call waits for a descriptor, unless that has `O_NONBLOCK`. The flag does not concern files:
/// a read of a file waits for the disk.
pub(crate) fn descriptor(fd: c_int) -> Option<WaitsFor> {
    let is_blocking = system::descriptor_flags(fd)? & libc::O_NONBLOCK == 0;
    let kind = kind(fd);
    (is_blocking || kind == DescriptorKind::File).then_some(WaitsFor::Descriptor(kind))
}

fn kind(fd: c_int) -> DescriptorKind {
    if fd == libc::STDIN_FILENO {
        return DescriptorKind::StandardInput;
    }
    match system::descriptor_type(fd) {
        Some(libc::S_IFREG | libc::S_IFBLK) => DescriptorKind::File,
        Some(libc::S_IFDIR) => DescriptorKind::Folder,
        Some(libc::S_IFSOCK) => socket_kind(fd),
        Some(libc::S_IFIFO) => DescriptorKind::Pipe,
        Some(libc::S_IFCHR) => DescriptorKind::Device,
        _ => DescriptorKind::Other,
    }
}

fn socket_kind(fd: c_int) -> DescriptorKind {
    let option = |name| system::socket_option(fd, name);
    match (option(libc::SO_DOMAIN), option(libc::SO_TYPE)) {
        (Some(libc::AF_INET | libc::AF_INET6), Some(libc::SOCK_STREAM)) => {
            DescriptorKind::TcpSocket
        }
        (Some(libc::AF_INET | libc::AF_INET6), Some(libc::SOCK_DGRAM)) => DescriptorKind::UdpSocket,
        (Some(libc::AF_UNIX), Some(libc::SOCK_STREAM)) => DescriptorKind::UnixStream,
        (Some(libc::AF_UNIX), Some(libc::SOCK_DGRAM)) => DescriptorKind::UnixDatagram,
        _ => DescriptorKind::OtherSocket,
    }
}

/// Like [`descriptor`], for a write. A write to standard output or standard error is allowed: the
/// program has no other place for its messages.
pub(crate) fn write(fd: c_int) -> Option<WaitsFor> {
    match fd {
        libc::STDOUT_FILENO | libc::STDERR_FILENO => None,
        _ => descriptor(fd),
    }
}

/// Like [`descriptor`], for a call on a socket with flags.
pub(crate) fn socket(fd: c_int, flags: c_int) -> Option<WaitsFor> {
    unless(flags, libc::MSG_DONTWAIT)?;
    descriptor(fd)
}

/// A connect waits for the peer. A datagram socket has none: it only notes the address.
pub(crate) fn connect(fd: c_int) -> Option<WaitsFor> {
    match system::socket_option(fd, libc::SO_TYPE)? {
        libc::SOCK_DGRAM | libc::SOCK_RAW => None,
        _ => descriptor(fd),
    }
}

/// A command of `fcntl` waits only for a lock on a file.
pub(crate) fn descriptor_command(command: c_int) -> Option<WaitsFor> {
    match command {
        libc::F_SETLKW | libc::F_OFD_SETLKW => Some(WaitsFor::Descriptor(DescriptorKind::File)),
        _ => None,
    }
}

/// A lock of a file waits unless the call has `LOCK_NB`. An unlock does not wait.
pub(crate) fn file_lock(operation: c_int) -> Option<WaitsFor> {
    if operation & libc::LOCK_UN != 0 {
        return None;
    }
    unless(operation, libc::LOCK_NB)?;
    Some(WaitsFor::Descriptor(DescriptorKind::File))
}

/// A lock of a part of a file waits only with this command.
pub(crate) fn file_region_lock(command: c_int) -> Option<WaitsFor> {
    (command == libc::F_LOCK).then_some(WaitsFor::Descriptor(DescriptorKind::File))
}

/// A mutex of the C library waits while another thread has it. Its first word is zero while it is
/// free, and its third word is the number of the thread that has it (glibc, `struct
/// __pthread_mutex_s`).
pub(crate) fn mutex(mutex: *const pthread_mutex_t) -> Option<WaitsFor> {
    let [lock, _count, owner, _users] = system::read(mutex.cast::<[u32; 4]>())?;
    // Its own thread gets a recursive mutex again, and an error from another one.
    (lock != 0 && owner != system::thread_id()).then_some(WaitsFor::Event)
}

/// The first word of a read-write lock: a thread has the lock for writing, and where the number of
/// readers begins (glibc, `pthread_rwlock_common.c`).
const HAS_WRITER: u32 = 1 << 1;
const READERS: u32 = 3;

/// A read lock of the C library waits while a thread has the lock for writing.
pub(crate) fn read_lock(lock: *const pthread_rwlock_t) -> Option<WaitsFor> {
    let word = system::read(lock.cast::<u32>())?;
    (word & HAS_WRITER != 0).then_some(WaitsFor::Event)
}

/// A write lock of the C library waits while any other thread has the lock.
pub(crate) fn write_lock(lock: *const pthread_rwlock_t) -> Option<WaitsFor> {
    let word = system::read(lock.cast::<u32>())?;
    (word & HAS_WRITER != 0 || word >> READERS != 0).then_some(WaitsFor::Event)
}

/// A semaphore of the C library waits while its value is zero. The value is its first word (glibc,
/// `struct new_sem`, little-endian).
pub(crate) fn semaphore(semaphore: *const sem_t) -> Option<WaitsFor> {
    (system::read(semaphore.cast::<u32>())? == 0).then_some(WaitsFor::Event)
}

/// The call waits if `waits` returns something, until a clock shows a time at the latest.
pub(crate) fn until_at_most(
    waits: Option<WaitsFor>,
    clock: clockid_t,
    at: *const timespec,
) -> Option<WaitsFor> {
    waits?;
    until(clock, at)
}

/// A wait for a futex: a word in memory, for whose change a thread waits. It does not wait if the
/// word has changed already.
pub(crate) fn futex(
    word: *const c_void,
    operation: c_int,
    expected: u32,
    timeout: *const timespec,
) -> Option<WaitsFor> {
    let has_changed = || system::read(word.cast::<u32>()) != Some(expected);
    match operation & libc::FUTEX_CMD_MASK {
        libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET if has_changed() => None,
        libc::FUTEX_WAIT => timespec_or_for_ever(timeout),
        libc::FUTEX_WAIT_BITSET if timeout.is_null() => always(),
        libc::FUTEX_WAIT_BITSET if operation & libc::FUTEX_CLOCK_REALTIME != 0 => {
            until(libc::CLOCK_REALTIME, timeout)
        }
        libc::FUTEX_WAIT_BITSET => until(libc::CLOCK_MONOTONIC, timeout),
        libc::FUTEX_LOCK_PI | libc::FUTEX_LOCK_PI2 | libc::FUTEX_WAIT_REQUEUE_PI => always(),
        _ => None,
    }
}
