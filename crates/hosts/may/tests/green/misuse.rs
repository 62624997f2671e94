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
use quadrivium_conformance::{alone, is_done, message, catch_panic};

use crate::thread::thread;

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_perform_outside_says_what_to_do() {
    let told = catch_panic(|| perform(turn())).unwrap_err();
    assert!(told.contains("outside the body of a may green thread"), "{told}");
}

#[test]
fn a_perform_in_a_sub_task_is_outside() {
    let task = thread(|| {
        let caught = catch_unwind(|| perform(future(async { perform(turn()) })));
        message(&*caught.unwrap_err())
    });
    let told = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert!(told.contains("outside the body of a may green thread"), "{told}");
}

#[test]
fn a_perform_in_another_coroutine_is_outside() {
    let other = || catch_panic(|| perform(turn())).unwrap_err();
    // SAFETY: the coroutine reads no thread-local.
    let told = unsafe { coroutine::spawn(other) }.join().unwrap();
    assert!(told.contains("outside the body of a may green thread"), "{told}");
}

#[test]
fn a_loop_on_a_worker_refuses_it() {
    let on_a_worker = || {
        let mut task = Box::pin(thread(|| ()));
        let mut resume = || task.as_mut().resume(&mut Context::new(Waker::noop()));
        catch_panic(|| is_done(&resume())).unwrap_err()
    };
    // SAFETY: the coroutine does not suspend.
    let told = unsafe { coroutine::spawn(on_a_worker) }.join().unwrap();
    assert!(told.contains("run the loop on a thread of its own"), "{told}");
}

/// Performs a task when it is dropped, and stores the result.
struct Performs<'a>(&'a mut Option<Result<(), String>>);

impl Drop for Performs<'_> {
    fn drop(&mut self) {
        *self.0 = Some(catch_panic(|| perform(turn())));
    }
}

#[test]
fn a_perform_while_it_unwinds_is_refused() {
    let task = thread(|| {
        let mut told = None;
        let unwinds = AssertUnwindSafe(|| {
            let _performs = Performs(&mut told);
            panic!("on purpose");
        });
        assert!(catch_unwind(unwinds).is_err());
        told
    });
    let told = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert!(told.unwrap().unwrap_err().contains("cannot suspend while it is unwinding"));
}

#[test]
fn a_perform_in_a_destructor_may_suspend_when_nothing_unwinds() {
    let task = thread(|| {
        let mut told = None;
        drop(Performs(&mut told));
        told
    });
    let told = EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap();
    assert_eq!(told, Some(Ok(())));
}

#[test]
fn a_body_that_never_gives_in_ends_the_process() {
    let output = alone("misuse::a_body_that_never_gives_in_ends_the_process", "", || {
        let mut event_loop = EventLoop::with_virtual_clock().unwrap();
        let (begins, begun) = mpsc::channel();
        let stubborn = thread(move || {
            begins.send(()).unwrap();
            loop {
                let _ = catch_unwind(|| perform(sleep(Duration::MAX)));
            }
        });
        drop(event_loop.spawn(stubborn));
        event_loop.block_on(turn()).unwrap();
        begun.recv().unwrap();
        drop(event_loop);
        eprintln!("the loop is gone");
    });
    let told = stderr(&output);
    assert!(told.contains("has caught its own cancellation 100 times"), "{told}");
    assert!(!told.contains("the loop is gone") && !output.status.success(), "{told}");
}

/// Uses more stack than there is. The frames are small, so that none misses the guard page.
#[inline(never)]
fn overflow(n: usize) -> usize {
    let frame = black_box([n; 16]);
    if black_box(false) { 0 } else { overflow(n + 1) + frame[n % 16] }
}

#[test]
fn an_overflow_is_a_panic_or_the_end() {
    let output = alone("misuse::an_overflow_is_a_panic_or_the_end", "", || {
        // SAFETY: violated on purpose. The body does not fit its stack, and the test observes what
        // happens.
        let task = unsafe { green(|| overflow(0)) };
        let ran = EventLoop::with_virtual_clock().unwrap().block_on(task);
        eprintln!("{}", ran.unwrap_err());
    });
    let told = stderr(&output);
    assert!(told.contains("coroutine has overflowed its stack"), "{told}");
    // may ends the process if the last frame has filled the stack to its last word.
    let is_panic = told.contains("a may green thread has overflowed its stack");
    assert_eq!(is_panic, output.status.success(), "{told}");
}
