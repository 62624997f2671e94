//! Actions of a green thread that end the process, or would without a limit. Each test runs in a
//! process of its own.

use std::{
    cell::{Cell, RefCell},
    hint::black_box,
    os::unix::process::ExitStatusExt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    process::Output,
    thread,
};

use quadrivium::{
    green::{Builder, perform},
    prelude::*,
    sync::Notify,
};
use quadrivium_conformance::{alone, new_loop, turns};
use rustix::process::{Resource, Rlimit, setrlimit};

const SIGABRT: i32 = 6;

#[track_caller]
fn assert_aborts_with(output: &Output, messages: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    for message in messages {
        assert!(stderr.contains(message), "{message:?} is not in:\n{stderr}");
    }
    assert_eq!(output.status.signal(), Some(SIGABRT), "{stderr}");
}

/// Spawns a green thread with this name, and cancels it where it is suspended.
fn cancel(name: &str, body: impl FnOnce() + 'static) {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn_named(name, green(body));
    turns(&mut event_loop, 1);
    handle.cancel();
    assert_eq!(event_loop.live(), 0);
    event_loop.block_on(green(|| perform(turn()))).unwrap();
}

/// Panics when it is dropped.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[test]
fn a_destructor_that_panics_in_a_cancel() {
    let output = alone("ends::a_destructor_that_panics_in_a_cancel", "", || {
        cancel("ada", || {
            let _panics = PanicsInDrop;
            perform(Notify::new().notified());
        });
    });
    assert_aborts_with(&output, &["in a destructor", "panic in a destructor during cleanup"]);
}

/// Suspends when it is dropped.
struct SuspendsInDrop;

impl Drop for SuspendsInDrop {
    fn drop(&mut self) {
        perform(turn());
    }
}

#[test]
fn a_destructor_that_suspends_in_a_cancel() {
    let output = alone("ends::a_destructor_that_suspends_in_a_cancel", "", || {
        cancel("ada", || {
            let _suspends = SuspendsInDrop;
            perform(Notify::new().notified());
        });
    });
    let message = "a green thread cannot suspend while it is unwinding: \
                   do not perform tasks that wait in a destructor";
    assert_aborts_with(&output, &[message, "panic in a destructor during cleanup"]);
}

#[test]
fn a_body_that_catches_its_cancellation_for_ever() {
    let output = alone("ends::a_body_that_catches_its_cancellation_for_ever", "", || {
        cancel("stubborn", || {
            loop {
                let _ = catch_unwind(AssertUnwindSafe(|| perform(turn())));
            }
        });
        eprintln!("and the loop went on");
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    for message in [
        "quadrivium: the green thread made at ",
        ", in task 1 \"stubborn\" (spawned at ",
        "has caught its own cancellation 100 times; its stack is leaked",
        "remedy: pass each payload that is not yours on to std::panic::resume_unwind",
        "and the loop went on",
    ] {
        assert!(stderr.contains(message), "{message:?} is not in:\n{stderr}");
    }
    assert!(output.status.success(), "{stderr}");
}

#[test]
fn a_body_that_panics_while_it_is_cancelled() {
    let mut event_loop = new_loop();
    let handle = event_loop.spawn(green(|| {
        let _ = catch_unwind(AssertUnwindSafe(|| perform(turn())));
        panic!("on purpose");
    }));
    turns(&mut event_loop, 1);
    handle.cancel();
    let error = event_loop.block_on(handle).unwrap().unwrap_err();
    assert_eq!(error.panic_message(), Some("on purpose"), "the panic of the body, not the cancel");
}

/// Recurses until there is no stack left.
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 16]);
    if depth == usize::MAX { 0 } else { recurse(depth + 1) + frame[depth % 16] }
}

/// Returns the position of the calling line, as messages print it.
#[track_caller]
fn here() -> String {
    Location::caller().to_string()
}

#[test]
fn a_stack_overflow() {
    let output = alone("ends::a_stack_overflow", "", || {
        let mut event_loop = new_loop();
        let overflows = green(|| {
            perform(turn());
            black_box(recurse(0));
        });
        drop(event_loop.spawn_named("deep thought", overflows));
        let _ = event_loop.run();
    });
    assert_aborts_with(
        &output,
        &[
            "quadrivium: the green thread made at ",
            ", in task 1 \"deep thought\" (spawned at ",
            "has overflowed its stack of 512 KiB",
            "remedy: give it a larger one with green::Builder::new().stack_size(bytes), \
             or all of them with green::use_stack_size(bytes) or QUADRIVIUM_STACK_SIZE",
        ],
    );
}

#[test]
fn a_stack_overflow_of_an_inner_green_thread() {
    let output = alone("ends::a_stack_overflow_of_an_inner_green_thread", "", || {
        #[rustfmt::skip]
        let (inner, line) = (green(|| _ = black_box(recurse(0))), here());
        eprintln!("inner made at {line}");
        let mut event_loop = new_loop();
        drop(event_loop.spawn_named("outer", green(|| perform(inner))));
        let _ = event_loop.run();
    });
    // The name is the task's. The line is the one of the green thread in it that overflowed.
    let stderr = String::from_utf8_lossy(&output.stderr);
    let made_at = stderr.split_once("inner made at ").unwrap().1.lines().next().unwrap();
    let (line, _) = made_at.rsplit_once(':').unwrap();
    let named = format!("the green thread made at {line}:");
    let in_task = ", in task 1 \"outer\" (spawned at ";
    assert_aborts_with(&output, &[&named, in_task, "has overflowed its stack of 512 KiB"]);
}

/// A value that records when it is dropped.
struct Shared {
    is_alive: Cell<bool>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.is_alive.set(false);
    }
}

/// Prints in its destructor whether the shared value is alive.
struct PrintsInDrop<'a>(&'a Shared);

impl Drop for PrintsInDrop<'_> {
    fn drop(&mut self) {
        eprintln!("alive: {}", self.0.is_alive.get());
    }
}

thread_local! {
    static LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
    static SHARED: Shared = const { Shared { is_alive: Cell::new(true) } };
    static RUNS_ON: RefCell<Option<RunsInDrop>> = const { RefCell::new(None) };
}

/// A loop that runs one more turn when it is dropped.
struct RunsInDrop(EventLoop);

impl Drop for RunsInDrop {
    fn drop(&mut self) {
        eprintln!("turn: {:?}", self.0.turn().map(drop));
    }
}

/// Returns a loop with a green thread that is suspended while it borrows a thread-local.
fn with_a_borrow() -> EventLoop {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    drop(event_loop.spawn_named(
        "borrower",
        green(|| {
            SHARED.with(|shared| {
                let borrow = PrintsInDrop(shared);
                perform(turn());
                perform(turn());
                eprintln!("went on: {}", borrow.0.is_alive.get());
            });
        }),
    ));
    event_loop.turn().unwrap();
    event_loop
}

#[test]
fn a_loop_that_is_dropped_after_a_thread_local_that_it_has_borrowed() {
    let output =
        alone("ends::a_loop_that_is_dropped_after_a_thread_local_that_it_has_borrowed", "", || {
            let ends = thread::spawn(|| {
                // Used before the shared value and before the first green thread, so it is dropped
                // last.
                LOOP.set(None);
                LOOP.set(Some(with_a_borrow()));
                assert!(SHARED.with(|shared| shared.is_alive.get()));
            });
            ends.join().unwrap();
            eprintln!("and the process went on");
        });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("alive"), "a destructor used a value that was gone:\n{stderr}");
    for message in [
        ", in task 1 \"borrower\" (spawned at ",
        "is dropped while it is suspended and its OS thread is ending: its stack is leaked",
        "remedy: take the loop out of its thread-local before the thread ends, and drop it",
        "and the process went on",
    ] {
        assert!(stderr.contains(message), "{message:?} is not in:\n{stderr}");
    }
    assert!(output.status.success(), "{stderr}");
}

#[test]
fn a_loop_that_runs_on_after_a_thread_local_that_it_has_borrowed() {
    let output =
        alone("ends::a_loop_that_runs_on_after_a_thread_local_that_it_has_borrowed", "", || {
            let ends = thread::spawn(|| {
                // From here on the thread has the thread-locals that a loop needs. They are dropped
                // after the loop.
                EventLoop::with_virtual_clock().unwrap().block_on(turn()).unwrap();
                RUNS_ON.set(None);
                RUNS_ON.set(Some(RunsInDrop(with_a_borrow())));
            });
            ends.join().unwrap();
        });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("alive") && !stderr.contains("went on"), "{stderr}");
    let message = "a green thread cannot be resumed while its OS thread is ending";
    assert!(stderr.contains(message), "{stderr}");
    assert!(stderr.contains("turn: Ok(())"), "only that task panics:\n{stderr}");
    assert!(output.status.success(), "{stderr}");
}

#[test]
fn more_green_threads_than_a_limit_on_address_space_has_room_for() {
    let test = "ends::more_green_threads_than_a_limit_on_address_space_has_room_for";
    let output = alone(test, "", || {
        let limit = Rlimit { current: Some(2 << 30), maximum: Some(2 << 30) };
        setrlimit(Resource::As, limit).unwrap();
        let mut event_loop = new_loop();
        let mut spawned = Vec::new();
        let error = loop {
            match Builder::new().build(|| perform(turn())) {
                Ok(task) => spawned.push(event_loop.spawn(task)),
                Err(error) => break error,
            }
            assert!(spawned.len() < 200_000);
        };
        eprintln!("{} after some thousand: {error}", spawned.len() > 2_000);
        // Address space is left for the rest of the program, and the green threads that exist go
        // on.
        let small: Vec<_> = (0..16_000).map(|n| Box::new([n as u8; 1024])).collect();
        thread::spawn(|| vec![1_u8; 16 << 20]).join().unwrap();
        event_loop.run().unwrap();
        assert!(spawned.iter().all(|handle| handle.is_finished()));
        drop(small);
        // After that there is room again.
        assert!(Builder::new().build(|| ()).is_ok());
    });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let message = "true after some thousand: no address space for a green thread's stack of ";
    assert!(stderr.contains(message), "{stderr}");
    assert!(stderr.contains("raise the limit on address space (`ulimit -v`)"), "{stderr}");
}
