//! Work on other threads in a process with a limit of threads.
//!
//! The tests check that all work is done, or returns an error with cause and remedy. Deadlines fire
//! in the meantime.

use std::{
    env, fs as std_fs,
    future::pending,
    io::{self, ErrorKind},
    net::TcpListener,
    thread,
    time::Duration,
};

use quadrivium::{
    dns, fs,
    green::perform,
    net::TcpStream,
    prelude::*,
    process::Command,
    task::BoxTask,
    thread::{Offload, offload, offload_checked},
};
use quadrivium_tests::limited::{Limited, run};

/// A style: a function that returns a task of the style, which performs `Offload`.
type Style<T> = fn(Offload<T>) -> BoxTask<T>;

fn styles<T: 'static + Send>() -> [(&'static str, Style<T>); 4] {
    [
        ("callback", |work| Box::pin(callback(|cb| cb.perform(work, |cb, it| cb.done(it))))),
        ("generator", |work| Box::pin(generator(|mut co| async move { co.perform(work).await }))),
        ("future", |work| Box::pin(future(async { work.await }))),
        ("green", |work| Box::pin(green(|| perform(work)))),
    ]
}

const LIMIT: &str = "QUADRIVIUM_THREAD_LIMIT";

/// The limits of threads under which the tests run. A test has two threads itself: the main thread,
/// and one for the test. With a limit of 1, the test runs on the main thread.
const LIMITS: [usize; 8] = [1, 2, 3, 4, 5, 9, 16, 30];

/// Returns whether the OS refuses a thread for work under this limit. With 2, that depends on how
/// the test is run.
fn is_refused(limit: usize) -> Option<bool> {
    match limit {
        1 => Some(true),
        2 => None,
        _ => Some(false),
    }
}

/// Runs the test of this name again in a process of its own, under each limit. That process runs
/// `body`.
fn under_limits(test: &str, limits: &[usize], body: impl FnOnce(usize)) {
    if let Ok(limit) = env::var(LIMIT) {
        return body(limit.parse().unwrap());
    }
    let Some(limited) = Limited::new(&env::current_exe().unwrap()) else { return };
    for limit in limits {
        let mut command = limited.command(*limit);
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(LIMIT, limit.to_string());
        let output = run(command);
        assert!(output.status.success(), "{limit} threads: {output:#?}");
    }
}

/// Asserts that this is the error for a refused thread or process, with cause and remedy.
#[track_caller]
fn assert_refused(error: &io::Error) {
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded, "{error}");
    assert!(error.to_string().starts_with("the operating system refuses a"), "{error}");
    assert!(error.to_string().contains("raise the limit of threads and processes"), "{error}");
}

/// Asserts that all work is done or all is refused, whichever the limit requires.
#[track_caller]
fn assert_all_or_none(limit: usize, refused: usize, all: usize) {
    assert!(refused == 0 || refused == all, "{refused} of {all} are refused");
    assert!(is_refused(limit).is_none_or(|is_refused| is_refused == (refused > 0)));
}

/// Takes longer than the start of a thread, so that more threads are needed.
fn slow() {
    thread::sleep(Duration::from_millis(20));
}

fn never() -> impl Task<Output = ()> {
    future(pending())
}

#[test]
fn work_is_done_or_the_task_panics() {
    under_limits("work_is_done_or_the_task_panics", &LIMITS, |limit| {
        for (style, task) in styles() {
            let mut event_loop = EventLoop::new().unwrap();
            let works = [(); 40].map(|()| event_loop.spawn(task(offload(slow))));
            let deadline = event_loop.spawn(timeout(Duration::from_millis(50), never()));
            assert!(event_loop.block_on(deadline).unwrap().unwrap().is_err(), "{style}");
            let ends = event_loop.block_on(join_all(works)).unwrap();
            let refused = ends.iter().filter_map(|end| end.as_ref().err());
            let messages: Vec<_> = refused.map(|it| it.panic_message().unwrap()).collect();
            for message in &messages {
                assert!(message.starts_with("the operating system refuses a thread for files: "));
                assert!(message.contains("raise the limit of threads and processes"));
                assert!(message.ends_with("`offload_checked` returns this as an error"));
            }
            assert_all_or_none(limit, messages.len(), 40);
        }
    });
}

#[test]
fn checked_work_is_done_or_an_error() {
    under_limits("checked_work_is_done_or_an_error", &LIMITS, |limit| {
        for (_, task) in styles() {
            let mut event_loop = EventLoop::new().unwrap();
            let works =
                [(); 40].map(|()| task(offload_checked(|started| started.map(|()| slow()))));
            let ends = event_loop.block_on(join_all(works)).unwrap();
            let refused = ends.iter().filter_map(|end| end.as_ref().err());
            assert_all_or_none(limit, refused.inspect(|it| assert_refused(it)).count(), 40);
        }
    });
}

#[test]
fn files_are_read_or_an_error() {
    under_limits("files_are_read_or_an_error", &LIMITS, |limit| {
        let mut event_loop = EventLoop::new().unwrap();
        let file = fs::File::from_std(std_fs::File::open("/proc/self/status").unwrap());
        let reads = [(); 40].map(|()| file.read_at_owned(vec![0; 5], 0));
        let ends = event_loop.block_on(join_all(reads)).unwrap();
        let mut refused = 0;
        for (read, buffer) in ends {
            // The buffer is returned in both cases.
            match read {
                Ok(n) => assert_eq!(&buffer[..n], b"Name:"),
                Err(error) => {
                    assert_refused(&error);
                    assert_eq!(buffer, [0; 5]);
                    refused += 1;
                }
            }
        }
        assert_all_or_none(limit, refused, 40);
    });
}

#[test]
fn names_are_found_or_an_error() {
    under_limits("names_are_found_or_an_error", &LIMITS, |limit| {
        let mut event_loop = EventLoop::new().unwrap();
        let lookups = event_loop.block_on(join_all([(); 40].map(|()| dns::lookup("localhost:80"))));
        let refused = lookups.unwrap().into_iter().filter_map(Result::err);
        assert_all_or_none(limit, refused.inspect(assert_refused).count(), 40);
        // Connecting to a name uses the same pool.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("localhost:{}", listener.local_addr().unwrap().port());
        let refused = event_loop.block_on(TcpStream::connect(address)).unwrap().err();
        assert_all_or_none(limit, refused.iter().inspect(|it| assert_refused(it)).count(), 1);
    });
}

/// Names and files have separate threads. With room for one thread, a name is refused until the
/// idle thread for files has ended.
#[test]
fn refused_work_can_be_tried_again() {
    under_limits("refused_work_can_be_tried_again", &[3], |_| {
        let mut event_loop = EventLoop::new().unwrap();
        event_loop.block_on(offload(|| ())).unwrap();
        let program = future(async {
            while let Err(error) = dns::lookup("localhost:80").await {
                assert_refused(&error);
                sleep(Duration::from_millis(10)).await;
            }
        });
        event_loop.block_on(program).unwrap();
    });
}

/// Returns the state of a child in the kernel's list, or `None` if it is not there.
fn state(id: u32) -> Option<char> {
    let stat = std_fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// A child counts like a thread, also while it is a zombie.
#[test]
fn a_dropped_child_leaves_room_for_the_next_one() {
    under_limits("a_dropped_child_leaves_room_for_the_next_one", &[3], |limit| {
        // The two threads of the test leave room for one child.
        assert_eq!(limit, 3);
        let mut event_loop = EventLoop::new().unwrap();
        for _ in 0..5 {
            let child = Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
            let id = child.id();
            // The OS refuses the thread that would wait for the child.
            drop(child);
            while state(id).is_some_and(|state| state != 'Z') {
                thread::yield_now();
            }
        }
        // While another child is running, there is no room for a second one, and the error names
        // the limit.
        let _runs = Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        assert_refused(&Command::new("true").spawn().unwrap_err());
        assert_refused(&event_loop.block_on(Command::new("true").status()).unwrap().unwrap_err());
    });
}
