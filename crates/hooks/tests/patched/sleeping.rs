//! Sleeps, and giving the processor away.

use std::{
    cell::RefCell,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use quadrivium::{prelude::*, time::now};
use quadrivium_hooks::{patch, patched};

use crate::{MS, run, run_checked};

#[test]
fn a_thousand_green_threads_sleep_at_the_same_time() {
    let start = Instant::now();
    let this = thread::current().id();
    let mut event_loop = EventLoop::new().unwrap();
    let sleepers: Vec<_> = (0..1_000)
        .map(|_| {
            event_loop.spawn(patch(|| {
                let start = Instant::now();
                thread::sleep(300 * MS);
                (thread::current().id(), start.elapsed())
            }))
        })
        .collect();
    for sleeper in sleepers {
        let (thread, slept) = event_loop.block_on(sleeper).unwrap().unwrap();
        assert_eq!(thread, this);
        assert!(slept >= 300 * MS, "{slept:?}");
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "1,000 sleeps of 300 ms took {took:?}");
}

#[test]
fn a_sleep_takes_the_time_of_the_loop() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let (start, end) = event_loop
        .block_on(patch(|| {
            let start = now();
            thread::sleep(Duration::from_secs(3600));
            (start, now())
        }))
        .unwrap();
    assert_eq!(end - start, Duration::from_secs(3600));
}

#[test]
fn each_function_that_sleeps() {
    let short = libc::timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    // SAFETY: The pointers are those of values.
    let calls: [fn(libc::timespec) -> i64; 4] = unsafe {
        [
            |short| libc::nanosleep(&short, std::ptr::null_mut()).into(),
            |_| libc::usleep(5_000).into(),
            |_| libc::sleep(1).into(),
            |_| {
                let mut time = std::mem::zeroed();
                libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time);
                time.tv_sec += 1;
                let (clock, flags) = (libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME);
                libc::clock_nanosleep(clock, flags, &time, std::ptr::null_mut()).into()
            },
        ]
    };
    for call in calls {
        let start = Instant::now();
        assert_eq!(run_checked(move || call(short)), 0);
        assert!(start.elapsed() >= 5 * MS);
    }
}

#[test]
fn yield_now_lets_the_others_run() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let mut event_loop = EventLoop::new().unwrap();
    for name in ["a", "b"] {
        let order = Rc::clone(&order);
        let _detached = event_loop.spawn(patch(move || {
            for _ in 0..2 {
                order.borrow_mut().push(name);
                thread::yield_now();
            }
        }));
    }
    event_loop.run().unwrap();
    assert_eq!(*order.borrow(), ["a", "b", "a", "b"]);
}

#[test]
fn tasks_that_a_patched_task_spawns_are_patched() {
    let start = Instant::now();
    let parent = future(async {
        let sleeper = || spawn(green(|| thread::sleep(100 * MS)));
        for sleeper in [sleeper(), sleeper(), sleeper(), sleeper()] {
            sleeper.await.unwrap();
        }
    });
    EventLoop::new().unwrap().block_on(patched(parent)).unwrap();
    assert!(start.elapsed() < 300 * MS, "{:?}", start.elapsed());
}

#[test]
fn other_tasks_are_not_patched() {
    let mut event_loop = EventLoop::new().unwrap();
    let _detached = event_loop.spawn(patch(|| {}));
    event_loop.run().unwrap();
    let start = Instant::now();
    for _ in 0..2 {
        let _detached = event_loop.spawn(green(|| thread::sleep(30 * MS)));
    }
    event_loop.run().unwrap();
    assert!(start.elapsed() >= 60 * MS);
}

#[test]
fn errno_is_the_same_after_a_sleep() {
    let other = || {
        // SAFETY: The address points to a thread-local integer.
        unsafe { *libc::__errno_location() = libc::EXDEV };
    };
    let errno = run(move || {
        // SAFETY: As above.
        unsafe { *libc::__errno_location() = libc::ENOTTY };
        let other = spawn(green(other));
        // SAFETY: The function has no preconditions.
        unsafe { libc::usleep(2_000) };
        assert!(other.is_finished());
        // SAFETY: As above.
        unsafe { *libc::__errno_location() }
    });
    assert_eq!(errno, libc::ENOTTY);
}
