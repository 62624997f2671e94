//! Every kind of blocking call: its whole report, in every style.
//!
//! A line that makes a reported call ends with a mark, such as `// [sleep]`.

use std::{
    ffi::{c_int, c_void},
    fs::{self, File},
    hint::{self, black_box},
    io::{self, Read, Write},
    mem,
    net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs},
    os::fd::AsRawFd,
    process::Command,
    ptr,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crate::{check, in_each_style, spawn_place, this_thread, until_it_waits};

/// Asserts the whole reports of a call in every style. Each expected report is its mark, its first
/// line and the replacement. Frames outside of this file are left out, and so are the names of
/// functions, because optimised builds have fewer of them.
#[track_caller]
fn assert_whole(call: fn(), expected: &[(&str, &str, &str)]) {
    for (style, task) in in_each_style(call) {
        let message = check(task).expect_err(style);
        let whole: String = expected
            .iter()
            .map(|(mark, first, instead)| {
                format!(
                    "{first}\n  in task 1 \"checked\" (spawned at {}), style {style}\n  at \
                     tests/blocking/items.rs:{}\n  instead: {instead}\n",
                    spawn_place(),
                    line_of(mark),
                )
            })
            .collect();
        assert_eq!(reports(&message), whole, "{style}: {message}");
    }
}

/// Returns the reports in a message, without other frames and without names of functions.
fn reports(message: &str) -> String {
    let is_kept = |line: &&str| {
        !line.starts_with("  at ") || line.starts_with("  at tests/blocking/items.rs:")
    };
    let place = |line: &str| match line.starts_with("  at ") {
        true => line.split(", ").next().unwrap().to_string(),
        false => line.to_string(),
    };
    message.lines().skip(1).filter(is_kept).map(|line| place(line) + "\n").collect()
}

fn line_of(mark: &str) -> usize {
    let mark = format!("// [{mark}]");
    let source = include_str!("items.rs");
    1 + source.lines().position(|line| line.ends_with(&mark)).expect("a line has the mark")
}

/// Starts a thread that takes something, and lets go of it when this thread is waiting for it.
/// Returns when it is taken. This does not block.
fn while_taken<T: 'static>(take: impl FnOnce() -> T + Send + 'static, release: fn(T)) {
    let is_taken = Arc::new(AtomicBool::new(false));
    let (taken, waits) = (Arc::clone(&is_taken), this_thread());
    thread::spawn(move || {
        let it = take();
        taken.store(true, Ordering::Release);
        until_it_waits(waits);
        release(it);
    });
    while !is_taken.load(Ordering::Acquire) {
        hint::spin_loop();
    }
}

#[test]
fn a_sleep() {
    assert_whole(
        || {
            thread::sleep(Duration::from_millis(3)); // [sleep]
            black_box(());
        },
        &[("sleep", "std::thread::sleep through clock_nanosleep, 3.0 ms", "time::sleep")],
    );
}

#[test]
fn sockets() {
    fn echo() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).unwrap(); // [connect]
        let (mut server, _) = listener.accept().unwrap(); // [accept]
        server.write_all(b"x").unwrap(); // [send]
        assert_eq!(client.read(&mut [0]).unwrap(), 1); // [recv]
    }
    assert_whole(
        echo,
        &[
            (
                "connect",
                "std::net::TcpStream::connect through connect, a TCP socket",
                "net::TcpStream::connect",
            ),
            (
                "accept",
                "std::net::TcpListener::accept through accept4, a TCP socket",
                "net::TcpListener::accept",
            ),
            (
                "send",
                "std::net::TcpStream::write through send, a TCP socket",
                "net::TcpStream::write",
            ),
            (
                "recv",
                "std::net::TcpStream::read through recv, a TCP socket",
                "net::TcpStream::read",
            ),
        ],
    );
}

#[test]
fn select_poll_and_epoll() {
    fn wait() {
        // SAFETY: All pointers are null or point to variables of this function.
        unsafe {
            let mut time = libc::timeval { tv_sec: 0, tv_usec: 2_000 };
            let none = ptr::null_mut();
            assert_eq!(libc::select(0, none, none, none, &mut time), 0); // [select]
            assert_eq!(libc::poll(ptr::null_mut(), 0, 2), 0); // [poll]
            let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            let mut events: [libc::epoll_event; 1] = mem::zeroed();
            assert_eq!(libc::epoll_wait(epoll, events.as_mut_ptr(), 1, 2), 0); // [epoll]
            libc::close(epoll);
        }
    }
    assert_whole(
        wait,
        &[
            ("select", "select, 2.0 ms", "io::ready"),
            ("poll", "poll, 2.0 ms", "io::ready"),
            ("epoll", "epoll_wait, 2.0 ms", "io::ready on the descriptor of the epoll"),
        ],
    );
}

#[test]
fn child_processes() {
    fn status() {
        assert!(Command::new("true").status().unwrap().success()); // [status]
    }
    assert_whole(
        status,
        &[("status", "std::process::Command::status through waitpid", "process::Command::status")],
    );
    #[allow(clippy::zombie_processes, reason = "waitid has waited for it")]
    fn waitid() {
        let child = Command::new("true").spawn().unwrap();
        // SAFETY: All zeroes are a valid `siginfo_t`.
        let result = unsafe {
            let mut info: libc::siginfo_t = mem::zeroed();
            libc::waitid(libc::P_PID, child.id(), &mut info, libc::WEXITED) // [waitid]
        };
        assert_eq!(result, 0);
    }
    assert_whole(waitid, &[("waitid", "waitid", "process::Child::wait")]);
}

#[test]
fn a_mutex() {
    fn contended() {
        let mutex: &'static Mutex<()> = Box::leak(Box::default());
        while_taken(|| mutex.lock().unwrap(), drop);
        drop(mutex.lock()); // [mutex]
        black_box(());
    }
    assert_whole(
        contended,
        &[("mutex", "std::sync::Mutex::lock through syscall", "sync::Mutex::lock")],
    );
}

#[test]
fn a_condvar() {
    fn wait() {
        let pair: &'static (Mutex<bool>, Condvar) = Box::leak(Box::default());
        let mut is_over = pair.0.lock().unwrap();
        while_taken(
            move || pair,
            |(mutex, condvar)| {
                *mutex.lock().unwrap() = true;
                condvar.notify_all();
            },
        );
        while !*is_over {
            is_over = pair.1.wait(is_over).unwrap(); // [condvar]
        }
    }
    assert_whole(wait, &[("condvar", "std::sync::Condvar::wait through syscall", "sync::Notify")]);
}

#[test]
fn a_join() {
    fn join() {
        let thread = thread::spawn(|| thread::sleep(Duration::from_millis(1)));
        thread.join().unwrap(); // [join]
        black_box(());
    }
    assert_whole(
        join,
        &[("join", "std::thread::JoinHandle::join through pthread_join", "thread::offload")],
    );
}

#[test]
fn a_channel() {
    fn receive() {
        let (sender, receiver) = mpsc::channel();
        while_taken(move || sender, |sender| sender.send(7).unwrap());
        assert_eq!(receiver.recv(), Ok(7)); // [recv of a channel]
    }
    assert_whole(
        receive,
        &[(
            "recv of a channel",
            "std::sync::mpsc::Receiver::recv through syscall",
            "sync::channel",
        )],
    );
}

#[test]
fn files_and_names() {
    fn file() {
        assert!(!fs::read("/proc/self/status").unwrap().is_empty()); // [read]
    }
    assert_whole(
        file,
        &[("read", "std::fs::read through open64, statx, read, a file", "fs::read")],
    );
    fn lock() {
        let file = File::open("/proc/self/status").unwrap(); // [open]
        file.lock().unwrap(); // [flock]
        black_box(());
    }
    assert_whole(
        lock,
        &[
            ("open", "std::fs::File::open through open64, a file", "fs::File::open"),
            ("flock", "std::fs::File::lock through flock, a file", "thread::offload"),
        ],
    );
    fn name() {
        assert!(("localhost", 80).to_socket_addrs().is_ok()); // [name]
    }
    assert_whole(
        name,
        &[("name", "std::net::ToSocketAddrs::to_socket_addrs through getaddrinfo", "dns::lookup")],
    );
}

#[test]
fn standard_input() {
    fn line() {
        assert_eq!(io::stdin().read_line(&mut String::new()).unwrap(), 0); // [stdin]
    }
    let nothing = File::open("/dev/null").unwrap();
    // SAFETY: Both descriptors are open. No other test reads standard input.
    assert_eq!(unsafe { libc::dup2(nothing.as_raw_fd(), 0) }, 0);
    assert_whole(
        line,
        &[("stdin", "std::io::Stdin::read_line through read, standard input", "thread::offload")],
    );
}

/// Returns memory of a type of the C library, zeroed, for the rest of the process.
fn zeroed<T>() -> Shared<T> {
    // SAFETY: All zeroes are the initial value of each lock of the C library.
    Shared(Box::leak(Box::new(unsafe { mem::zeroed() })))
}

struct Shared<T>(*mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

// SAFETY: The locks of the C library may be used by all threads.
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    fn get(&self) -> *mut T {
        self.0
    }
}

#[test]
fn locks_of_the_c_library() {
    fn mutex() {
        let mutex = zeroed::<libc::pthread_mutex_t>();
        let other = mutex.clone();
        while_taken(
            move || {
                // SAFETY: The mutex is valid.
                unsafe { libc::pthread_mutex_lock(other.get()) };
                other
            },
            // SAFETY: This thread has locked it.
            |other| assert_eq!(unsafe { libc::pthread_mutex_unlock(other.get()) }, 0),
        );
        // SAFETY: The mutex is valid.
        assert_eq!(unsafe { libc::pthread_mutex_lock(mutex.get()) }, 0); // [pthread mutex]
    }
    assert_whole(mutex, &[("pthread mutex", "pthread_mutex_lock", "thread::offload")]);

    fn semaphore() {
        let semaphore = zeroed::<libc::sem_t>();
        let other = semaphore.clone();
        // SAFETY: The semaphore is valid.
        while_taken(|| other, |other| assert_eq!(unsafe { libc::sem_post(other.get()) }, 0));
        // SAFETY: The semaphore is valid.
        assert_eq!(unsafe { libc::sem_wait(semaphore.get()) }, 0); // [semaphore]
    }
    assert_whole(semaphore, &[("semaphore", "sem_wait", "thread::offload")]);

    fn condition() {
        let condition = zeroed::<libc::pthread_cond_t>();
        let mutex = zeroed::<libc::pthread_mutex_t>();
        let other = condition.clone();
        while_taken(
            || other,
            // SAFETY: The condition is valid.
            |other| assert_eq!(unsafe { libc::pthread_cond_signal(other.get()) }, 0),
        );
        // SAFETY: Both are valid, and this thread has the mutex.
        unsafe {
            assert_eq!(libc::pthread_mutex_lock(mutex.get()), 0);
            assert_eq!(libc::pthread_cond_wait(condition.get(), mutex.get()), 0); // [condition]
        }
    }
    assert_whole(condition, &[("condition", "pthread_cond_wait", "thread::offload")]);
}

#[test]
fn fortified_names() {
    unsafe extern "C" {
        fn __read_chk(fd: c_int, buffer: *mut c_void, length: usize, size: usize) -> isize;
        fn __poll_chk(fds: *mut libc::pollfd, n: u64, timeout: c_int, size: usize) -> c_int;
    }

    fn read() {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap(); // [pipe]
        let mut buffer = [0_u8; 4];
        let to = buffer.as_mut_ptr().cast();
        // SAFETY: The buffer is that large.
        assert_eq!(unsafe { __read_chk(reader.as_raw_fd(), to, 4, 4) }, 1); // [read_chk]
        // SAFETY: There are no descriptors.
        assert_eq!(unsafe { __poll_chk(ptr::null_mut(), 0, 2, 0) }, 0); // [poll_chk]
    }
    assert_whole(
        read,
        &[
            ("pipe", "std::io::PipeWriter::write through write, a pipe", "io::PipeWriter::write"),
            ("read_chk", "__read_chk, a pipe", "thread::offload"),
            ("poll_chk", "__poll_chk, 2.0 ms", "io::ready"),
        ],
    );
}

#[test]
fn many_calls_in_one_step() {
    fn loops() {
        for _ in 0..1_000 {
            thread::sleep(Duration::from_nanos(1)); // [loop]
        }
    }
    assert_whole(
        loops,
        &[(
            "loop",
            "std::thread::sleep through clock_nanosleep, 0.0 µs, 1000 times",
            "time::sleep",
        )],
    );
}
