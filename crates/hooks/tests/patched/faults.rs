//! Calls in unusual places, and faults inside a patched call.

use std::{
    cell::Cell,
    env,
    ffi::c_int,
    hint::black_box,
    io::{self, Read, Write},
    os::{fd::AsRawFd, unix::process::ExitStatusExt},
    pin::Pin,
    process::{Command, Output},
    sync::{
        Condvar, Mutex,
        atomic::{AtomicI32, Ordering},
    },
    task::{RawWaker, RawWakerVTable, Waker},
    thread,
    time::{Duration, Instant},
};

use quadrivium::{
    green::Builder,
    prelude::*,
    task::{Context, Step},
};
use quadrivium_hooks::{patch, patched};

use crate::{MS, run};

/// Runs a test of this file in a process of its own, and returns its output. In that process,
/// calls the function.
fn alone(test: &str, function: impl FnOnce()) -> Option<Output> {
    let test = format!("faults::{test}");
    if env::var("QUADRIVIUM_ALONE").as_ref() == Ok(&test) {
        function();
        return None;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &test, "--nocapture"]).env("QUADRIVIUM_ALONE", test);
    Some(command.output().unwrap())
}

/// A task that gives another task a waker whose clone panics.
struct BadWaker<T>(Pin<Box<T>>);

impl<T: Task> Task for BadWaker<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<T::Output> {
        static TABLE: RawWakerVTable =
            RawWakerVTable::new(|_| panic!("on purpose"), |_| {}, |_| {}, |_| {});
        // SAFETY: The functions use no data.
        let waker = unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) };
        self.0.as_mut().resume(&mut Context::new(&waker))
    }
}

/// The panic does not go through std. The call blocks, and the task goes on.
#[test]
fn a_panic_inside_a_patched_call() {
    let start = Instant::now();
    let task = BadWaker(Box::pin(patch(|| {
        let (mutex, condvar) = (Mutex::new(()), Condvar::new());
        let guard = mutex.lock().unwrap();
        condvar.wait_timeout(guard, 20 * MS).unwrap().1.timed_out()
    })));
    assert!(EventLoop::new().unwrap().block_on(task).unwrap());
    assert!(start.elapsed() >= 20 * MS);
}

/// Uses a part of the stack, and makes a call at each depth.
#[allow(unconditional_recursion, reason = "the stack is to overflow")]
fn recurse(depth: usize) -> usize {
    let part = black_box([depth as u8; 64]);
    thread::yield_now();
    recurse(depth + 1) + usize::from(part[0])
}

/// Only the hook, which has more frames than the body, reaches the end of the stack.
#[test]
fn a_stack_overflow_inside_a_patched_call() {
    let overflow = || {
        let body = Builder::new().stack_size(64 << 10).build(|| recurse(0)).unwrap();
        _ = EventLoop::new().unwrap().block_on(patched(body));
    };
    let Some(output) = alone("a_stack_overflow_inside_a_patched_call", overflow) else { return };
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.signal().is_some(), "{output:?}");
    assert!(message.contains("has overflowed its stack of 64 KiB"), "{message}");
}

/// The handler may have interrupted anything, so its calls do not suspend.
#[test]
fn a_signal_handler_on_a_green_stack() {
    static TO: AtomicI32 = AtomicI32::new(-1);
    static SLEPT: AtomicI32 = AtomicI32::new(-1);

    extern "C" fn handler(_: c_int) {
        // SAFETY: The pointer and the length are those of the string.
        unsafe { libc::write(TO.load(Ordering::Relaxed), c"x".as_ptr().cast(), 1) };
        // SAFETY: It takes an integer.
        SLEPT.store(unsafe { libc::usleep(1_000) }, Ordering::Relaxed);
    }

    let (mut reader, writer) = io::pipe().unwrap();
    TO.store(writer.as_raw_fd(), Ordering::Relaxed);
    // SAFETY: The handler makes system calls only.
    unsafe { libc::signal(libc::SIGUSR1, handler as *const () as libc::sighandler_t) };
    let mut event_loop = EventLoop::new().unwrap();
    let turns = std::rc::Rc::new(Cell::new(0));
    let counted = std::rc::Rc::clone(&turns);
    let _detached = event_loop.spawn(future(async move {
        loop {
            counted.set(counted.get() + 1);
            turn().await;
        }
    }));
    let counted = std::rc::Rc::clone(&turns);
    let body = patch(move || {
        let before = counted.get();
        // SAFETY: The signal has a handler. It runs before `raise` returns.
        unsafe { libc::raise(libc::SIGUSR1) };
        let during = counted.get() - before;
        thread::yield_now();
        (during, counted.get() - before)
    });
    let (during, after) = event_loop.block_on(body).unwrap();
    assert_eq!(during, 0, "no other task ran in the handler");
    assert!(after > 0, "behind the handler, calls suspend");
    assert_eq!(SLEPT.load(Ordering::Relaxed), 0);
    assert_eq!(reader.read(&mut [0; 4]).unwrap(), 1);
}

#[test]
fn calls_without_a_host_and_after_the_loop() {
    let mut event_loop = EventLoop::new().unwrap();
    let handle = event_loop.spawn(patch(|| thread::sleep(Duration::from_secs(3600))));
    event_loop.turn().unwrap();
    drop(event_loop);
    assert!(handle.is_finished());
    thread::sleep(MS);
    let (mut one, mut two) = std::os::unix::net::UnixStream::pair().unwrap();
    one.write_all(b"x").unwrap();
    assert_eq!(two.read(&mut [0; 2]).unwrap(), 1);
    run(|| thread::sleep(MS));
}
