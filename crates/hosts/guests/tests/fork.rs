//! Forked processes. A copy of a loop, a socket, a child or a listener works in the new process, or
//! returns an error there. The first process is not disturbed.
//!
//! Each test runs in a process of its own, because a fork copies only the thread that calls it.

use std::{
    env,
    io::Write,
    os::unix::{net::UnixStream as StdStream, process::ExitStatusExt},
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command as StdCommand, ExitStatus},
    time::Duration,
};

use quadrivium::{
    EventLoop, JoinHandle, dns,
    event_loop::Turned,
    executor::GuestLoop,
    fs,
    net::UnixStream,
    prelude::*,
    process::{Command, StatusLost, Stdio},
    signal::{Signal, Signals, raise},
    task::BoxTask,
};

const ALONE: &str = "QUADRIVIUM_ALONE";
/// Only a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `something` in a process that runs only the test of this name.
fn alone(test: &str, something: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        something();
        std::process::exit(0);
    }
    let mut own = StdCommand::new(env::current_exe().unwrap());
    let output = own
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ALONE, "")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Forks, and runs `something` in the new process, which then ends without running destructors.
/// Returns when that process has ended, and fails if it has failed.
#[track_caller]
fn in_a_fork(something: impl FnOnce()) {
    // SAFETY: no other thread of this process holds a lock at this moment: the harness runs tests
    // one by one, and a thread that waits for dropped children sleeps.
    let id = unsafe { libc::fork() };
    if id == 0 {
        // SAFETY: the call only sets a timer, which ends a test that would wait for ever.
        unsafe { libc::alarm(PATIENCE.as_secs() as u32) };
        let has_passed = catch_unwind(AssertUnwindSafe(something)).is_ok();
        // SAFETY: the call ends the process, in which no other code of the test runs.
        unsafe { libc::_exit(i32::from(!has_passed)) };
    }
    let mut status = 0;
    // SAFETY: `status` is an integer that the kernel may write to.
    let waited = unsafe { libc::waitpid(id, &mut status, 0) };
    assert_eq!(waited, id);
    let status = ExitStatus::from_raw(status);
    assert!(status.success(), "in the forked process: {status}");
}

/// Reads one byte in a style.
type ReadOneByte = fn(UnixStream) -> BoxTask<()>;

const STYLES: [(&str, ReadOneByte); 4] = [
    ("callback", |stream| {
        Box::pin(callback(move |cb| {
            cb.perform(stream.read_exact_owned([0]), |cb, (read, _)| {
                read.unwrap();
                cb.done(());
            });
        }))
    }),
    ("generator", |stream| {
        Box::pin(generator(|mut co| async move {
            co.perform(stream.read_exact(&mut [0])).await.unwrap();
        }))
    }),
    ("future", |stream| {
        Box::pin(future(async move { stream.read_exact(&mut [0]).await.unwrap() }))
    }),
    ("green", |stream| {
        Box::pin(green(move || quadrivium::green::perform(stream.read_exact(&mut [0])).unwrap()))
    }),
];

/// A stream, and its other end.
fn streams() -> (UnixStream, StdStream) {
    let (one, other) = StdStream::pair().unwrap();
    (UnixStream::from_std(one).unwrap(), other)
}

/// Writes the byte that the task waits for, and waits until the task has read it.
#[track_caller]
fn finish_reading(event_loop: &mut EventLoop, mut other: &StdStream, reads: JoinHandle<()>) {
    other.write_all(b"!").unwrap();
    event_loop
        .block_on(timeout(PATIENCE, reads))
        .unwrap()
        .expect("the task is woken in time")
        .unwrap();
}

/// Spawns a task, and runs turns until it waits for a byte.
fn spawn_reader(
    event_loop: &mut EventLoop,
    reads: ReadOneByte,
    stream: &UnixStream,
) -> JoinHandle<()> {
    let task = event_loop.spawn(reads(stream.clone()));
    while event_loop.turn().unwrap() != Turned::Waiting {}
    task
}

#[test]
fn a_socket_that_is_dropped_in_the_fork_stays_registered() {
    alone("a_socket_that_is_dropped_in_the_fork_stays_registered", || {
        for (style, reads) in STYLES {
            eprintln!("-- {style}");
            let (mut event_loop, (stream, other)) = (EventLoop::new().unwrap(), streams());
            let first = spawn_reader(&mut event_loop, reads, &stream);
            finish_reading(&mut event_loop, &other, first);
            let mut stream = Some(stream);
            in_a_fork(|| drop(stream.take()));
            let stream = stream.unwrap();
            let second = spawn_reader(&mut event_loop, reads, &stream);
            finish_reading(&mut event_loop, &other, second);
        }
    });
}

#[test]
fn a_loop_that_is_dropped_in_the_fork_goes_on() {
    alone("a_loop_that_is_dropped_in_the_fork_goes_on", || {
        for (style, reads) in STYLES {
            eprintln!("-- {style}");
            let (mut event_loop, (stream, other)) = (EventLoop::new().unwrap(), streams());
            let task = spawn_reader(&mut event_loop, reads, &stream);
            let mut all = Some((event_loop, stream, task));
            in_a_fork(|| drop(all.take()));
            let (mut event_loop, _stream, task) = all.unwrap();
            finish_reading(&mut event_loop, &other, task);
        }
    });
}

#[test]
fn a_socket_is_used_in_the_fork_on_a_loop_that_was_made_there() {
    alone("a_socket_is_used_in_the_fork_on_a_loop_that_was_made_there", || {
        for (style, reads) in STYLES {
            eprintln!("-- {style}");
            let (mut event_loop, (stream, other)) = (EventLoop::new().unwrap(), streams());
            let first = spawn_reader(&mut event_loop, reads, &stream);
            finish_reading(&mut event_loop, &other, first);
            in_a_fork(|| {
                let mut own = EventLoop::new().unwrap();
                let reads = spawn_reader(&mut own, reads, &stream);
                finish_reading(&mut own, &other, reads);
            });
            let second = spawn_reader(&mut event_loop, reads, &stream);
            finish_reading(&mut event_loop, &other, second);
        }
    });
}

#[track_caller]
fn assert_names_cause_and_remedy(error: impl ToString) {
    let message = error.to_string();
    assert!(message.contains("forked") && message.contains("after the fork"), "{message}");
}

#[test]
fn a_loop_is_refused_in_the_fork() {
    alone("a_loop_is_refused_in_the_fork", || {
        for (style, reads) in STYLES {
            eprintln!("-- {style}");
            let (mut event_loop, (stream, other)) = (EventLoop::new().unwrap(), streams());
            let task = spawn_reader(&mut event_loop, reads, &stream);
            in_a_fork(|| {
                assert_names_cause_and_remedy(event_loop.run().unwrap_err());
                assert_names_cause_and_remedy(event_loop.turn().unwrap_err());
                let (more, _other) = streams();
                assert_names_cause_and_remedy(event_loop.block_on(reads(more)).unwrap_err());
            });
            finish_reading(&mut event_loop, &other, task);
        }
    });
}

#[test]
fn a_loop_inside_tokio_is_refused_in_the_fork() {
    alone("a_loop_inside_tokio_is_refused_in_the_fork", || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut guest_loop = runtime.block_on(async {
            let mut guest_loop = GuestLoop::new(quadrivium::executor::Tokio::default()).unwrap();
            guest_loop.perform(turn()).await.unwrap();
            guest_loop
        });
        in_a_fork(|| {
            let here = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            here.block_on(async {
                assert_names_cause_and_remedy(guest_loop.perform(turn()).await.unwrap_err());
                assert_names_cause_and_remedy(guest_loop.run().await.unwrap_err());
            });
        });
        runtime.block_on(async { guest_loop.perform(turn()).await.unwrap() });
    });
}

#[test]
fn a_child_belongs_to_the_process_that_started_it() {
    alone("a_child_belongs_to_the_process_that_started_it", || {
        let mut cat = Command::new("cat");
        let mut child = cat.stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut child = Some(child);
        in_a_fork(|| {
            let mut child = child.take().unwrap();
            let lost = child.try_wait().unwrap_err().downcast::<StatusLost>().unwrap();
            assert!(lost.to_string().contains("forked"), "{lost}");
            drop(child);
        });
        // The child was not killed, so it ends when nothing is left to read.
        drop(stdin);
        let mut child = child.unwrap();
        let wait = child.wait();
        assert!(EventLoop::new().unwrap().block_on(wait).unwrap().unwrap().success());
    });
}

#[test]
fn a_child_that_is_dropped_in_the_fork_leaves_no_zombie() {
    alone("a_child_that_is_dropped_in_the_fork_leaves_no_zombie", || {
        // The thread that waits for dropped children is there when the process is forked.
        let mut sleep = Command::new("sleep").arg("60").spawn().unwrap();
        let id = sleep.id();
        let wait = sleep.wait();
        drop((wait, sleep));
        in_a_fork(|| {
            let dropped = Command::new("sh").args(["-c", "sleep 0.01"]).spawn().unwrap();
            let path = format!("/proc/{}", dropped.id());
            drop(dropped);
            let mut event_loop = EventLoop::new().unwrap();
            while std::path::Path::new(&path).exists() {
                event_loop.block_on(short_sleep()).unwrap();
            }
        });
        assert!(StdCommand::new("kill").arg(id.to_string()).status().unwrap().success());
    });
}

fn short_sleep() -> impl Task<Output = ()> {
    sleep(Duration::from_millis(1))
}

#[test]
fn a_listener_for_signals_is_refused_in_the_fork() {
    alone("a_listener_for_signals_is_refused_in_the_fork", || {
        let signals = Signals::new([Signal::User1]).unwrap();
        let next_signal = |signals: &Signals| {
            let signal = EventLoop::new().unwrap().block_on(timeout(PATIENCE, signals.next()));
            signal.unwrap().expect("the signal comes in time")
        };
        in_a_fork(|| {
            assert_names_cause_and_remedy(next_signal(&signals).unwrap_err());
            let own = Signals::new([Signal::User1]).unwrap();
            raise(Signal::User1).unwrap();
            assert_eq!(next_signal(&own).unwrap(), Signal::User1);
        });
        raise(Signal::User1).unwrap();
        assert_eq!(next_signal(&signals).unwrap(), Signal::User1);
    });
}

#[test]
fn work_for_other_threads_is_refused_in_the_fork() {
    alone("work_for_other_threads_is_refused_in_the_fork", || {
        let mut event_loop = EventLoop::new().unwrap();
        event_loop.block_on(fs::read("/proc/self/status")).unwrap().unwrap();
        in_a_fork(|| {
            let mut event_loop = EventLoop::new().unwrap();
            let read = event_loop.block_on(timeout(PATIENCE, fs::read("/proc/self/status")));
            let error = read.unwrap().expect("it fails at once").unwrap_err();
            assert!(error.to_string().contains("this one was forked from"), "{error}");
            // Name lookups have threads of their own, and the first process has started none of
            // them.
            let found = event_loop.block_on(timeout(PATIENCE, dns::lookup("localhost:80")));
            found.unwrap().expect("the lookup ends in time").unwrap();
        });
        event_loop.block_on(fs::read("/proc/self/status")).unwrap().unwrap();
    });
}
