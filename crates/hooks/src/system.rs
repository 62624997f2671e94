//! The operating system, as the hooks need it: real functions by their names, `errno`, and what a
//! call is about to wait for.
//!
//! No function here allocates or takes a lock, apart from the lookup of real functions. So a hook
//! may call them in a signal handler.

#[cfg(target_arch = "x86_64")]
use std::arch::asm;
use std::{
    ffi::{CStr, c_int, c_void},
    fs::File,
    io,
    mem::MaybeUninit,
    ops::Range,
    os::fd::{AsFd, AsRawFd},
    ptr, slice,
    time::Duration,
};

use libc::{Elf64_Phdr, c_long, dl_phdr_info, size_t};

/// A type for which any bytes are a value.
///
/// # Safety
///
/// All bytes of any value must be a valid value of the type.
pub(crate) unsafe trait AnyBytes: Copy {}

// SAFETY: It is an integer.
unsafe impl AnyBytes for u32 {}
// SAFETY: It is an integer.
unsafe impl AnyBytes for i64 {}
// SAFETY: Its fields are integers.
unsafe impl AnyBytes for libc::timespec {}
// SAFETY: Its fields are integers.
unsafe impl AnyBytes for libc::timeval {}
// SAFETY: Its elements are integers.
unsafe impl<const N: usize> AnyBytes for [u8; N] {}
// SAFETY: Its elements are integers.
unsafe impl<const N: usize> AnyBytes for [u32; N] {}
// SAFETY: Its elements are integers.
unsafe impl<const N: usize> AnyBytes for [usize; N] {}

/// Returns the definition of a symbol in the libraries behind the executable, or null.
pub(crate) fn next_definition(symbol: &CStr) -> *mut () {
    // SAFETY: The symbol ends with a NUL byte.
    unsafe { libc::dlsym(libc::RTLD_NEXT, symbol.as_ptr()) }.cast()
}

/// Ends the process, because the C library lacks a function.
#[cold]
pub(crate) fn end_process(symbol: &str) -> ! {
    let message = [
        "quadrivium-hooks: the C library of this process has no function `",
        symbol,
        "`. The hooks need glibc 2.34 or newer, linked dynamically. Remedy: leave out the feature \
         `hooks`\n",
    ];
    for part in message {
        // SAFETY: The pointer and the length are those of a string.
        unsafe { libc::syscall(libc::SYS_write, 2, part.as_ptr(), part.len()) };
    }
    // SAFETY: It takes no argument.
    unsafe { libc::abort() }
}

/// Returns the addresses of the code of the C library.
pub(crate) fn text_of_the_c_library() -> Option<Range<usize>> {
    struct Search {
        contained: usize,
        found: Option<Range<usize>>,
    }

    unsafe extern "C" fn look(info: *mut dl_phdr_info, _: size_t, search: *mut c_void) -> c_int {
        // SAFETY: The C library passes a valid description of a library, and our own argument.
        let (search, base, headers) = unsafe {
            let info = &*info;
            let headers = slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into());
            (&mut *search.cast::<Search>(), info.dlpi_addr as usize, headers)
        };
        let is_code = |it: &&Elf64_Phdr| it.p_type == libc::PT_LOAD && it.p_flags & libc::PF_X != 0;
        for header in headers.iter().filter(is_code) {
            let start = base + header.p_vaddr as usize;
            let text = start..start + header.p_memsz as usize;
            if text.contains(&search.contained) {
                search.found = Some(text);
            }
        }
        0
    }

    let contained = next_definition(c"syscall").addr();
    let mut search = Search { contained, found: None };
    // SAFETY: `look` has the type that the function expects, and its argument outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

/// Makes a system call, and returns what the kernel returns: for an error, its negative number.
///
/// # Safety
///
/// It has the effects of that system call.
#[cfg(target_arch = "x86_64")]
pub(crate) unsafe fn system_call(number: c_long, arguments: [c_long; 6]) -> c_long {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    let returned;
    // SAFETY: These are the registers of the kernel's interface. The caller takes the effects.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => returned,
            in("rdi") first, in("rsi") second, in("rdx") third,
            in("r10") fourth, in("r8") fifth, in("r9") sixth,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    returned
}

pub(crate) fn errno() -> c_int {
    // SAFETY: The address points to a thread-local of the C library.
    unsafe { *libc::__errno_location() }
}

pub(crate) fn restore_errno(errno: c_int) {
    // SAFETY: As above.
    unsafe { *libc::__errno_location() = errno }
}

/// Reads a value through a pointer that the caller of a hook has passed. Returns `None` if the
/// pointer is bad: the real function then returns an error, and the hook must not crash before.
pub(crate) fn read<T: AnyBytes>(from: *const T) -> Option<T> {
    if from.is_null() {
        return None;
    }
    let mut value = MaybeUninit::<T>::uninit();
    let to = libc::iovec { iov_base: value.as_mut_ptr().cast(), iov_len: size_of::<T>() };
    let from_it = libc::iovec { iov_base: from.cast_mut().cast(), iov_len: size_of::<T>() };
    // SAFETY: The kernel checks the address that it reads from. `to` is the memory of `value`.
    let n = unsafe { libc::process_vm_readv(libc::getpid(), &to, 1, &from_it, 1, 0) };
    if usize::try_from(n) == Ok(size_of::<T>()) {
        // SAFETY: All bytes have been written, and any bytes are a value.
        return Some(unsafe { value.assume_init() });
    }
    if errno() == libc::EFAULT {
        return None;
    }
    // A sandbox forbids the call.
    // SAFETY: The caller of the hook passed this pointer for the C library to read.
    Some(unsafe { ptr::read_unaligned(from) })
}

/// Returns the flags of a descriptor, or `None` if it is closed.
pub(crate) fn descriptor_flags(fd: c_int) -> Option<c_int> {
    // SAFETY: `F_GETFL` takes no argument.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    (flags != -1).then_some(flags)
}

/// Returns the type of a descriptor, one of `libc::S_IFMT`.
pub(crate) fn descriptor_type(fd: c_int) -> Option<libc::mode_t> {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: The structure is as large as the function expects.
    match unsafe { libc::fstat(fd, found.as_mut_ptr()) } {
        // SAFETY: The function has filled it.
        0 => Some(unsafe { found.assume_init() }.st_mode & libc::S_IFMT),
        _ => None,
    }
}

/// Returns an option of a socket that is an integer, such as its type.
pub(crate) fn socket_option(fd: c_int, name: c_int) -> Option<c_int> {
    let mut found: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    let (to, length) = (ptr::from_mut(&mut found).cast::<c_void>(), &raw mut length);
    // SAFETY: The pointers are those of an integer and of its length.
    let n = unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, name, to, length) };
    (n == 0).then_some(found)
}

/// Returns the limit for sends of a socket, `SO_SNDTIMEO`.
pub(crate) fn send_limit(fd: c_int) -> Option<libc::timeval> {
    let mut found = MaybeUninit::<libc::timeval>::uninit();
    let mut length = size_of::<libc::timeval>() as libc::socklen_t;
    let (to, length) = (found.as_mut_ptr().cast::<c_void>(), &raw mut length);
    // SAFETY: The pointers are those of a value and of its length.
    match unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_SNDTIMEO, to, length) } {
        // SAFETY: The function has filled it.
        0 => Some(unsafe { found.assume_init() }),
        _ => None,
    }
}

/// Returns the time of a clock.
pub(crate) fn time(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: The structure is as large as the function expects.
    match unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) } {
        // SAFETY: The function has filled it.
        0 => duration(unsafe { time.assume_init() }),
        _ => None,
    }
}

/// Returns the time since the machine was started.
pub(crate) fn monotonic() -> Duration {
    time(libc::CLOCK_MONOTONIC).unwrap_or_default()
}

/// Returns a time of the C library as a `Duration`. Returns `None` if it is invalid.
pub(crate) fn duration(time: libc::timespec) -> Option<Duration> {
    let (seconds, nanos) = (u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?);
    (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos))
}

/// Returns the number of this thread, as locks of the C library note it.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: It takes no argument.
    unsafe { libc::gettid() }.cast_unsigned()
}

/// Returns the signals that this thread blocks, as the kernel's bits.
pub(crate) fn signal_mask() -> u64 {
    let mut mask = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: Without a new mask, the function fills the structure. It may be called in a handler.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), mask.as_mut_ptr()) };
    // SAFETY: The first 64 signals are the first eight bytes of the structure.
    unsafe { mask.as_ptr().cast::<u64>().read() }
}

/// Calls a function while standard input is another file.
pub(crate) fn with_standard_input<R>(
    file: &File,
    function: impl FnOnce() -> io::Result<R>,
) -> io::Result<R> {
    let replace = |with: c_int| {
        // SAFETY: The number of standard input stays open. Only what it means changes.
        match unsafe { libc::dup2(with, libc::STDIN_FILENO) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    };
    let before = io::stdin().as_fd().try_clone_to_owned()?;
    replace(file.as_raw_fd())?;
    let returned = function();
    replace(before.as_raw_fd())?;
    returned
}
