//! Calls in unusual places fall through to the real function.

use std::{
    cell::Cell,
    ffi::c_int,
    fs, io, mem,
    os::fd::AsRawFd,
    process::Command,
    ptr,
    sync::{
        atomic::{AtomicI32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use quadrivium::prelude::*;

use crate::{check, in_each_style, this_thread, until_it_waits};

/// Written before `main` by a hook that is called there.
static BEFORE_MAIN: AtomicI32 = AtomicI32::new(i32::MIN);

#[used]
#[unsafe(link_section = ".preinit_array")]
static EARLY: extern "C" fn() = early;

extern "C" fn early() {
    // SAFETY: The time is valid.
    let returned = unsafe { libc::usleep(1) };
    BEFORE_MAIN.store(returned, Ordering::Relaxed);
}

#[test]
fn before_main() {
    assert_eq!(BEFORE_MAIN.load(Ordering::Relaxed), 0);
}

#[test]
fn at_the_end_of_a_thread() {
    struct SleepsAtTheEnd(Cell<bool>);

    impl Drop for SleepsAtTheEnd {
        fn drop(&mut self) {
            thread::sleep(Duration::from_micros(1));
        }
    }

    thread_local! {
        static LAST: SleepsAtTheEnd = const { SleepsAtTheEnd(Cell::new(false)) };
    }

    let thread = thread::spawn(|| {
        LAST.with(|last| last.0.set(true));
        check(future(async {})).unwrap();
    });
    thread.join().unwrap();
}

#[test]
fn bad_pointers_and_closed_descriptors_are_errors_as_without_hooks() {
    for (style, task) in in_each_style(|| {
        let bad = ptr::without_provenance_mut(8);
        // SAFETY: The kernel checks the pointer.
        let returned = unsafe { libc::nanosleep(bad, ptr::null_mut()) };
        assert_eq!((returned, errno()), (-1, libc::EFAULT));
        // SAFETY: The kernel checks the pointer.
        let returned = unsafe { libc::syscall(libc::SYS_futex, bad, libc::FUTEX_WAIT, 0, bad) };
        assert_eq!((returned, errno()), (-1, libc::EFAULT));
        // SAFETY: The buffer is not used.
        let returned = unsafe { libc::read(-1, ptr::null_mut(), 0) };
        assert_eq!((returned, errno()), (-1, libc::EBADF));
    }) {
        assert_eq!(check(task), Ok(()), "{style}");
    }
}

#[test]
fn errno_is_that_of_the_real_call() {
    for (style, task) in in_each_style(|| {
        // SAFETY: The path ends with a NUL byte.
        let fd = unsafe { libc::open(c"/proc/no such file".as_ptr(), libc::O_RDONLY) };
        assert_eq!((fd, errno()), (-1, libc::ENOENT));
    }) {
        assert!(check(task).unwrap_err().contains("\nopen, a file\n"), "{style}");
    }
}

fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap()
}

#[test]
fn in_a_signal_handler() {
    static WRITTEN: AtomicI32 = AtomicI32::new(0);
    static TO: AtomicI32 = AtomicI32::new(-1);

    extern "C" fn handler(_: c_int) {
        // SAFETY: The pointer and the length are those of the string.
        let n = unsafe { libc::write(TO.load(Ordering::Relaxed), c"x".as_ptr().cast(), 1) };
        WRITTEN.store(n as i32, Ordering::Relaxed);
    }

    let (_reader, writer) = io::pipe().unwrap();
    TO.store(writer.as_raw_fd(), Ordering::Relaxed);
    // SAFETY: The handler makes one system call.
    unsafe { libc::signal(libc::SIGUSR2, handler as *const () as libc::sighandler_t) };
    for (style, task) in in_each_style(|| {
        // SAFETY: The signal has a handler. It runs before `raise` returns.
        unsafe { libc::raise(libc::SIGUSR2) };
    }) {
        assert_eq!(check(task), Ok(()), "{style}");
        assert_eq!(WRITTEN.swap(0, Ordering::Relaxed), 1, "{style}");
    }
}

#[test]
fn in_a_child_between_fork_and_exec() {
    let fork = future(async {
        // SAFETY: The child only sleeps and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            thread::sleep(Duration::from_micros(1));
            // SAFETY: It ends the process at once.
            unsafe { libc::_exit(0) };
        }
        let mut status = 0;
        // SAFETY: The status is an integer.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0);
    });
    let message = check(fork).unwrap_err();
    assert!(message.contains("\nwaitpid\n"), "{message}");
    assert!(!message.contains("clock_nanosleep"), "{message}");
}

#[test]
fn after_the_loop_is_gone() {
    let mut event_loop = EventLoop::new().unwrap();
    let task = quadrivium_hooks::must_not_block(future(async { turn().await }));
    let handle = event_loop.spawn(task);
    event_loop.turn().unwrap();
    drop(event_loop);
    thread::sleep(Duration::from_micros(1));
    drop(handle);
}

#[test]
fn locks_of_the_c_library() {
    static mut MUTEX: libc::pthread_mutex_t = libc::PTHREAD_MUTEX_INITIALIZER;

    fn lock_and_unlock() {
        // SAFETY: The mutex is initialised, and this thread unlocks what it has locked.
        unsafe {
            assert_eq!(libc::pthread_mutex_lock(&raw mut MUTEX), 0);
            assert_eq!(libc::pthread_mutex_unlock(&raw mut MUTEX), 0);
        }
    }

    assert_eq!(check(green(lock_and_unlock)), Ok(()), "the mutex is free");
    // SAFETY: As above.
    unsafe { assert_eq!(libc::pthread_mutex_lock(&raw mut MUTEX), 0) };
    let (number, waits) = mpsc::channel();
    let thread = thread::spawn(move || {
        number.send(this_thread()).unwrap();
        check(green(lock_and_unlock))
    });
    until_it_waits(waits.recv().unwrap());
    // SAFETY: As above.
    unsafe { assert_eq!(libc::pthread_mutex_unlock(&raw mut MUTEX), 0) };
    let message = thread.join().unwrap().unwrap_err();
    assert!(message.contains("\npthread_mutex_lock\n"), "{message}");

    // SAFETY: All bytes zero are a semaphore without permits.
    let mut semaphore: libc::sem_t = unsafe { mem::zeroed() };
    let address = (&raw mut semaphore).expose_provenance();
    let wait = future(async move {
        let semaphore = ptr::with_exposed_provenance_mut(address);
        let soon = libc::timespec { tv_sec: 4_000_000_000, tv_nsec: 0 };
        // SAFETY: The semaphore outlives the task. It gets a permit before the second wait.
        unsafe {
            assert_eq!(libc::sem_post(semaphore), 0);
            assert_eq!(libc::sem_timedwait(semaphore, &soon), 0);
        }
    });
    assert_eq!(check(wait), Ok(()), "the semaphore has a permit");
}

#[test]
fn c_libraries_use_the_hooks_too() {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let libc_text = maps.lines().find(|it| it.contains("libc.so") && it.contains("r-xp")).unwrap();
    let (start, rest) = libc_text.split_once('-').unwrap();
    let end = rest.split_once(' ').unwrap().0;
    let [start, end] = [start, end].map(|it| usize::from_str_radix(it, 16).unwrap());
    // What a library of this process finds under this name.
    // SAFETY: The name ends with a NUL byte.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"clock_nanosleep".as_ptr()) }.addr();
    assert_ne!(found, 0);
    assert!(!(start..end).contains(&found), "the hook comes before the C library");
    assert!(Command::new("true").status().unwrap().success());
}
