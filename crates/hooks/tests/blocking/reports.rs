//! What a report says.

use std::{
    cell::{Cell, RefCell},
    fs::{self, File},
    hint::{self, black_box},
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs},
    process::Command,
    rc::Rc,
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use quadrivium::prelude::*;
use quadrivium_hooks::{LIMIT, must_not_block, report_task};

use crate::{assert_reports, check, in_each_style, this_thread, until_it_waits};

#[test]
fn a_whole_report() {
    let line = line!() + 1;
    let blocks = future(async { thread::sleep(Duration::from_millis(2)) });
    let mut event_loop = EventLoop::new().unwrap();
    let client = event_loop.spawn_named("client", must_not_block(blocks));
    let error = event_loop.block_on(client).unwrap().unwrap_err().to_string();
    // Optimised builds have no names of closures.
    let error = error.replace(", blocking::reports::a_whole_report", "");
    let expected = format!(
        "task 1 \"client\" (spawned at tests/blocking/reports.rs:{}:29) panicked: must_not_block at tests/blocking/reports.rs:{}:51: calls could block \
         the loop:
std::thread::sleep through clock_nanosleep, 2.0 ms
  in task 1 \"client\" (spawned at tests/blocking/reports.rs:{}:29), style future
  at tests/blocking/reports.rs:{line}
  instead: time::sleep",
        line + 2,
        line + 2,
        line + 2,
    );
    assert_eq!(error, expected);
}

/// Optimised builds have no frame of this task's own code.
#[test]
fn a_call_that_is_the_last_act_of_a_task() {
    let task = green(|| thread::sleep(Duration::from_millis(1)));
    let message = check(task).unwrap_err();
    assert!(
        message.contains("\nstd::thread::sleep through clock_nanosleep, 1.0 ms\n"),
        "{message}"
    );
    assert!(message.contains(", style green\n"), "{message}");
}

#[test]
fn sleeps() {
    assert_reports(
        || thread::sleep(Duration::from_millis(3)),
        &[("std::thread::sleep through clock_nanosleep, 3.0 ms", "time::sleep")],
    );
}

#[test]
fn sockets_and_names() {
    fn echo() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"x").unwrap();
        assert_eq!(client.read(&mut [0]).unwrap(), 1);
    }
    assert_reports(
        echo,
        &[
            (
                "std::net::TcpStream::connect through connect, a TCP socket",
                "net::TcpStream::connect",
            ),
            (
                "std::net::TcpListener::accept through accept4, a TCP socket",
                "net::TcpListener::accept",
            ),
            ("std::net::TcpStream::write through send, a TCP socket", "net::TcpStream::write"),
            ("std::net::TcpStream::read through recv, a TCP socket", "net::TcpStream::read"),
        ],
    );
    assert_reports(
        || assert!(("localhost", 80).to_socket_addrs().is_ok()),
        &[("std::net::ToSocketAddrs::to_socket_addrs through getaddrinfo", "dns::lookup")],
    );
}

#[test]
fn files() {
    assert_reports(
        || assert!(!fs::read("/proc/self/status").unwrap().is_empty()),
        &[("std::fs::read through open64, statx, read, a file", "fs::read")],
    );
    assert_reports(
        || File::open("/proc/self/status").unwrap().lock().unwrap(),
        &[
            ("std::fs::File::open through open64, a file", "fs::File::open"),
            ("std::fs::File::lock through flock, a file", "thread::offload"),
        ],
    );
}

#[test]
fn child_processes() {
    assert_reports(
        || assert!(Command::new("true").status().unwrap().success()),
        &[("std::process::Command::status through waitpid", "process::Command::status")],
    );
    fn output() {
        let output = Command::new("echo").output().unwrap();
        assert_eq!(output.stdout, b"\n");
    }
    for (style, task) in in_each_style(output) {
        let message = check(task).expect_err(style);
        assert!(message.contains("\nstd::process::Command::output through "), "{message}");
        assert!(message.contains("\n  instead: process::Command::output"), "{message}");
    }
}

#[test]
fn locks_and_threads() {
    static LOCK: Mutex<()> = Mutex::new(());

    fn contended() {
        let (taken, is_taken) = mpsc::channel();
        let waits = this_thread();
        let holder = thread::spawn(move || {
            let guard = LOCK.lock();
            taken.send(()).unwrap();
            until_it_waits(waits);
            drop(guard);
        });
        while is_taken.try_recv().is_err() {
            hint::spin_loop();
        }
        drop(LOCK.lock());
        holder.join().unwrap();
    }
    for (style, task) in in_each_style(contended) {
        let message = check(task).expect_err(style);
        assert!(message.contains("\nstd::sync::Mutex::lock through syscall\n"), "{message}");
        let join = "\nstd::thread::JoinHandle::join through pthread_join\n";
        assert!(message.contains(join), "{message}");
    }
}

#[test]
fn standard_input_and_pipes() {
    fn pipe() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(reader.read(&mut [0]).unwrap(), 1);
    }
    assert_reports(
        pipe,
        &[
            ("std::io::PipeWriter::write through write, a pipe", "io::PipeWriter::write"),
            ("std::io::PipeReader::read through read, a pipe", "io::PipeReader::read"),
        ],
    );
}

#[test]
fn calls_that_took_long_are_reported_with_their_time() {
    for (style, task) in in_each_style(|| {
        thread::sleep(Duration::from_millis(20));
        drop(fs::read("/proc/self/status"));
    }) {
        let reports = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&reports);
        let limit = 15 * LIMIT;
        let task = report_task(limit, task, move |call| noted.borrow_mut().push(call));
        EventLoop::new().unwrap().block_on(task).unwrap();
        let [call] = &reports.borrow()[..] else { panic!("one call is long: {reports:?}") };
        assert_eq!(call.function.as_deref(), Some("std::thread::sleep"));
        assert_eq!(call.style, Some(style));
        assert!(call.took.unwrap() >= Duration::from_millis(20));
    }
}

#[test]
fn a_task_that_the_checked_task_spawns_is_checked() {
    let parent = future(async {
        let child = spawn_named(
            "child",
            future(async {
                thread::sleep(Duration::from_millis(1));
            }),
        );
        child.await.unwrap();
    });
    let message = check(parent).unwrap_err();
    assert!(message.contains(" \"child\" (spawned at tests/blocking/reports.rs:"), "{message}");
}

/// The panic ends in the hook's part of the step: the task goes on, and so do the other reports.
#[test]
fn a_reporter_that_panics() {
    for (style, task) in in_each_style(|| {
        thread::sleep(Duration::from_millis(20));
        black_box(());
        thread::sleep(Duration::from_millis(20));
    }) {
        let calls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&calls);
        let task = report_task(15 * LIMIT, task, move |_| {
            counted.set(counted.get() + 1);
            panic!("on purpose");
        });
        assert!(EventLoop::new().unwrap().block_on(task).is_ok(), "{style}");
        assert_eq!(calls.get(), 2, "{style}");
    }
}

#[test]
fn a_reporter_that_panics_while_the_task_unwinds() {
    let task = future(async {
        thread::sleep(Duration::from_millis(20));
        if black_box(true) {
            panic!("of the task");
        }
    });
    let task = report_task(15 * LIMIT, task, |_| panic!("of the reporter"));
    let error = EventLoop::new().unwrap().block_on(task).unwrap_err().to_string();
    assert!(error.contains("of the task"), "{error}");
}
