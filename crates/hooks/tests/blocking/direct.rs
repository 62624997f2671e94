//! System calls that are made without the C library.

use std::{io, os::unix::net::UnixStream, thread, time::Duration};

use quadrivium::prelude::*;
use quadrivium_hooks::see_direct_calls;
use rustix::{pipe::PipeFlags, thread::ClockId};

use crate::{assert_reports, check, in_each_style};

/// Returns whether the kernel reports direct system calls. Otherwise the test is skipped.
fn is_offered() -> bool {
    match see_direct_calls() {
        Ok(()) => true,
        Err(error) => {
            eprintln!("skipped: {error}");
            false
        }
    }
}

#[test]
fn calls_of_rustix() {
    fn pipe() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        assert_eq!(rustix::io::write(&writer, b"x").unwrap(), 1);
        assert_eq!(rustix::io::read(&reader, &mut [0; 4]).unwrap(), 1);
    }
    if is_offered() {
        assert_reports(
            pipe,
            &[
                (
                    "rustix::io::read_write::write through the system call write, a pipe",
                    "io::PipeWriter::write",
                ),
                (
                    "rustix::io::read_write::read through the system call read, a pipe",
                    "io::PipeReader::read",
                ),
            ],
        );
        assert_reports(
            || drop(rustix::thread::nanosleep(&timespec(2))),
            &[(
                "rustix::thread::clock::nanosleep through the system call nanosleep, 2.0 ms",
                "time::sleep",
            )],
        );
    }
}

fn timespec(ms: i64) -> rustix::thread::Timespec {
    rustix::thread::Timespec { tv_sec: 0, tv_nsec: ms * 1_000_000 }
}

/// The pipe has a flag, and the clock is read without waiting.
#[test]
fn calls_of_rustix_that_do_not_block() {
    fn calls() {
        let (reader, _writer) = rustix::pipe::pipe_with(PipeFlags::NONBLOCK).unwrap();
        let error = rustix::io::read(&reader, &mut [0; 4]).unwrap_err();
        assert_eq!(error, rustix::io::Errno::AGAIN);
        assert!(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_sec > 0);
    }
    for (style, task) in in_each_style(calls) {
        assert_eq!(check(task), Ok(()), "{style}");
    }
}

/// Threads and processes that a watched step starts are not watched, and work.
#[test]
fn threads_and_processes_of_a_watched_step() {
    let task = future(async {
        _ = thread::spawn(|| rustix::thread::nanosleep(&timespec(1))).join().unwrap();
        let status = std::process::Command::new("true").status().unwrap();
        assert!(status.success());
    });
    let message = check(task).unwrap_err();
    assert!(!message.contains("the system call"), "{message}");
}

#[test]
fn results_and_errors_are_those_of_the_kernel() {
    let task = future(async {
        let past = timespec(0);
        let slept = rustix::thread::clock_nanosleep_absolute(ClockId::Monotonic, &past);
        assert_eq!(slept, Ok(()));
        let (stream, _other) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        let error: io::Error = rustix::io::read(&stream, &mut [0; 1]).unwrap_err().into();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        sleep(Duration::from_millis(1)).await;
    });
    assert_eq!(check(task), Ok(()));
}
