//! When a system call can block. It is for calls that a program makes by their number, and not
//! through the function of the C library that has the same name.

use std::{ffi::c_int, ptr};

use libc::{c_long, c_void, timespec};

use crate::when::{self, DescriptorKind, WaitsFor};

const FILE: Option<WaitsFor> = Some(WaitsFor::Descriptor(DescriptorKind::File));

/// Returns the function of the C library that makes a system call. Returns `None` if the call never
/// blocks, or is not known here.
pub(crate) fn symbol(number: c_long) -> Option<&'static str> {
    let known = CALLS.iter().find(|(it, _)| *it == number);
    known.map(|(_, symbol)| *symbol)
}

/// Returns what a system call waits for, or `None` if it cannot block now.
pub(crate) fn waits_for(number: c_long, arguments: [*mut c_void; 6]) -> Option<WaitsFor> {
    // The kernel reads the lower half of these registers.
    let int = |at: usize| arguments[at].addr() as u32 as c_int;
    let time = |at: usize| arguments[at].cast_const().cast::<timespec>();
    match symbol(number)? {
        "syscall" => when::futex(arguments[0], int(1), int(2).cast_unsigned(), time(3)),
        "read" | "readv" | "pread64" | "preadv64" => when::descriptor(int(0)),
        "write" | "writev" | "pwrite64" | "pwritev64" => when::write(int(0)),
        "accept" | "accept4" => when::descriptor(int(0)),
        "connect" => when::connect(int(0)),
        "recvmsg" | "sendmsg" => when::socket(int(0), int(2)),
        "recvfrom" | "sendto" | "recvmmsg" | "sendmmsg" => when::socket(int(0), int(3)),
        "poll" => when::milliseconds(int(2)),
        "epoll_wait" | "epoll_pwait" => when::milliseconds(int(3)),
        "ppoll" | "sigtimedwait" => when::timespec_or_for_ever(time(2)),
        "pselect" => when::timespec_or_for_ever(time(4)),
        "select" => when::timeval_or_for_ever(ptr::with_exposed_provenance(arguments[4].addr())),
        "nanosleep" => when::timespec(time(0)),
        "clock_nanosleep" => when::sleep(int(0), int(1), time(2)),
        "wait4" => when::unless(int(2), libc::WNOHANG),
        "waitid" => when::unless(int(3), libc::WNOHANG),
        "flock" => when::file_lock(int(1)),
        "fcntl" => when::descriptor_command(int(1)),
        "splice" => when::unless(int(5), libc::SPLICE_F_NONBLOCK as c_int),
        "pause" | "sigsuspend" => when::always(),
        _ => FILE,
    }
}

/// System calls that can block, and the functions of the C library that make them. The futex has no
/// function of its own there.
const CALLS: &[(c_long, &str)] = &[
    (libc::SYS_futex, "syscall"),
    (libc::SYS_read, "read"),
    (libc::SYS_readv, "readv"),
    (libc::SYS_pread64, "pread64"),
    (libc::SYS_preadv, "preadv64"),
    (libc::SYS_write, "write"),
    (libc::SYS_writev, "writev"),
    (libc::SYS_pwrite64, "pwrite64"),
    (libc::SYS_pwritev, "pwritev64"),
    (libc::SYS_accept, "accept"),
    (libc::SYS_accept4, "accept4"),
    (libc::SYS_connect, "connect"),
    (libc::SYS_recvfrom, "recvfrom"),
    (libc::SYS_recvmsg, "recvmsg"),
    (libc::SYS_recvmmsg, "recvmmsg"),
    (libc::SYS_sendto, "sendto"),
    (libc::SYS_sendmsg, "sendmsg"),
    (libc::SYS_sendmmsg, "sendmmsg"),
    (libc::SYS_ppoll, "ppoll"),
    (libc::SYS_pselect6, "pselect"),
    (libc::SYS_epoll_pwait, "epoll_pwait"),
    (libc::SYS_nanosleep, "nanosleep"),
    (libc::SYS_clock_nanosleep, "clock_nanosleep"),
    (libc::SYS_rt_sigtimedwait, "sigtimedwait"),
    (libc::SYS_rt_sigsuspend, "sigsuspend"),
    (libc::SYS_wait4, "wait4"),
    (libc::SYS_waitid, "waitid"),
    (libc::SYS_openat, "openat"),
    (libc::SYS_statx, "statx"),
    (libc::SYS_getdents64, "readdir64"),
    (libc::SYS_mkdirat, "mkdir"),
    (libc::SYS_unlinkat, "unlinkat"),
    (libc::SYS_linkat, "linkat"),
    (libc::SYS_renameat2, "rename"),
    (libc::SYS_readlinkat, "readlink"),
    (libc::SYS_copy_file_range, "copy_file_range"),
    (libc::SYS_sendfile, "sendfile"),
    (libc::SYS_splice, "splice"),
    (libc::SYS_fsync, "fsync"),
    (libc::SYS_fdatasync, "fdatasync"),
    (libc::SYS_ftruncate, "ftruncate"),
    (libc::SYS_sync, "sync"),
    (libc::SYS_syncfs, "syncfs"),
    (libc::SYS_flock, "flock"),
    (libc::SYS_fcntl, "fcntl"),
    // These exist on x86-64 only.
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "pause"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, "open"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, "stat"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, "lstat"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_newfstatat, "fstatat"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mkdir, "mkdir"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rmdir, "rmdir"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_unlink, "unlink"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rename, "rename"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list;

    #[test]
    fn each_call_has_a_hook() {
        for (_, symbol) in CALLS {
            assert!(list::hook_named(symbol).is_some(), "{symbol}");
        }
    }
}
