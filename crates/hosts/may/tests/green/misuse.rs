//! Misuse of may green threads, and its consequences.

use std::{
    hint::black_box,
    panic::{AssertUnwindSafe, catch_unwind},
    process::Output,
    sync::mpsc,
    task::Waker,
    time::Duration,
};

use may::coroutine;
use quadrivium::{
    may::{green, perform},
    prelude::*,
    task::Context,
    time::turn,
};
use quadrivium_conformance::{alone, catch_panic, is_done, message};

use crate::thread::thread;

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_perform_outside_a_body_panics_with_the_remedy() {
    let message = catch_panic(|| perform(turn())).unwrap_err();
    assert!(message.contains("outside the body of a may green thread"), "{message}");
}

#[test]
fn a_perform_in_a_sub_task_panics() {
    let task = thread(|| {
        let caught = catch_unwind(|| perform(future(async { perform(turn()) })));
        message(&*caught.unwrap_err())
    });
    let message = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert!(message.contains("outside the body of a may green thread"), "{message}");
}

#[test]
fn a_perform_in_another_coroutine_panics() {
    let other = || catch_panic(|| perform(turn())).unwrap_err();
    // SAFETY: the coroutine reads no thread-local.
    let message = unsafe { coroutine::spawn(other) }.join().unwrap();
    assert!(message.contains("outside the body of a may green thread"), "{message}");
}

#[test]
fn a_loop_on_a_worker_refuses_a_may_green_thread() {
    let on_a_worker = || {
        let mut task = Box::pin(thread(|| ()));
        let mut resume = || task.as_mut().resume(&mut Context::new(Waker::noop()));
        catch_panic(|| is_done(&resume())).unwrap_err()
    };
    // SAFETY: the coroutine does not suspend.
    let message = unsafe { coroutine::spawn(on_a_worker) }.join().unwrap();
    assert!(message.contains("run the loop on a thread of its own"), "{message}");
}

/// Performs a task when it is dropped, and stores the result.
struct PerformOnDrop<'a>(&'a mut Option<Result<(), String>>);

impl Drop for PerformOnDrop<'_> {
    fn drop(&mut self) {
        *self.0 = Some(catch_panic(|| perform(turn())));
    }
}

#[test]
fn a_perform_while_it_unwinds_is_refused() {
    let task = thread(|| {
        let mut message = None;
        let unwinds = AssertUnwindSafe(|| {
            let _performs = PerformOnDrop(&mut message);
            panic!("on purpose");
        });
        assert!(catch_unwind(unwinds).is_err());
        message
    });
    let message = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert!(message.unwrap().unwrap_err().contains("cannot suspend while it is unwinding"));
}

#[test]
fn a_perform_in_a_destructor_may_suspend_when_nothing_unwinds() {
    let task = thread(|| {
        let mut message = None;
        drop(PerformOnDrop(&mut message));
        message
    });
    let message = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert_eq!(message, Some(Ok(())));
}

#[test]
fn a_body_that_always_catches_its_cancel_ends_the_process() {
    let output =
        alone("misuse::a_body_that_always_catches_its_cancel_ends_the_process", "", || {
            let mut event_loop = EventLoop::with_virtual_clock().unwrap();
            let (started_sender, started) = mpsc::channel();
            let stubborn = thread(move || {
                started_sender.send(()).unwrap();
                loop {
                    let _ = catch_unwind(|| perform(sleep(Duration::MAX)));
                }
            });
            drop(event_loop.spawn(stubborn));
            event_loop.block_on(turn()).unwrap();
            started.recv().unwrap();
            drop(event_loop);
            eprintln!("the loop is gone");
        });
    let message = stderr(&output);
    assert!(message.contains("has caught its own cancellation 100 times"), "{message}");
    assert!(!message.contains("the loop is gone") && !output.status.success(), "{message}");
}

/// Uses more stack than there is. The frames are small, so that none misses the guard page.
#[inline(never)]
fn overflow(n: usize) -> usize {
    let frame = black_box([n; 16]);
    if black_box(false) { 0 } else { overflow(n + 1) + frame[n % 16] }
}

#[test]
fn an_overflow_panics_or_ends_the_process() {
    let output = alone("misuse::an_overflow_panics_or_ends_the_process", "", || {
        // SAFETY: violated on purpose. The body does not fit its stack, and the test observes what
        // happens.
        let task = unsafe { green(|| overflow(0)) };
        let ran = EventLoop::with_virtual_clock().unwrap().block_on(task);
        eprintln!("{}", ran.unwrap_err());
    });
    let message = stderr(&output);
    assert!(message.contains("coroutine has overflowed its stack"), "{message}");
    // may ends the process if the last frame has filled the stack to its last word.
    let is_panic = message.contains("a may green thread has overflowed its stack");
    assert_eq!(is_panic, output.status.success(), "{message}");
}
