//! May green threads on loops: many at once, on both clocks, with sockets, and on several workers.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::ThreadId,
    time::{Duration, Instant},
};

use may::coroutine;
use quadrivium::{
    green,
    may::{Builder, perform, perform_with},
    net::UnixStream,
    prelude::*,
    task::Either,
    time::now,
};

use crate::thread::thread;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn it_performs_tasks_of_other_styles() {
    let task = thread(|| {
        let one = perform(future(async { 1 }));
        let two = perform_with(|| callback(|cb| cb.perform(sleep(SECOND), |cb, ()| cb.done(2))));
        let three = perform_with(|| {
            green(|| {
                green::perform(sleep(SECOND));
                3
            })
        });
        one + two + three
    });
    assert_eq!(EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap(), 6);
}

#[test]
fn other_styles_perform_it() {
    let task = green(|| {
        let in_may = thread(|| {
            perform(sleep(SECOND));
            1
        });
        1 + green::perform(in_may)
    });
    assert_eq!(EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap(), 2);
}

#[test]
fn a_thousand_bodies_run_at_once() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let started = event_loop.elapsed();
    let ended = Arc::new(AtomicUsize::new(0));
    let handles: Vec<_> = (0..1000)
        .map(|n| {
            let ended = Arc::clone(&ended);
            event_loop.spawn(thread(move || {
                perform(sleep(SECOND));
                ended.fetch_add(1, Ordering::Relaxed);
                n
            }))
        })
        .collect();
    for (n, handle) in handles.into_iter().enumerate() {
        assert_eq!(event_loop.block_on(handle).unwrap().unwrap(), n);
    }
    assert_eq!(ended.load(Ordering::Relaxed), 1000);
    // The bodies held time until the last of them slept.
    assert_eq!(event_loop.elapsed() - started, SECOND);
}

#[test]
fn virtual_time_waits_for_a_body_at_work() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    let works = thread(|| {
        for _ in 0..1000 {
            coroutine::yield_now();
        }
        perform(now_of_the_loop())
    });
    let started = event_loop.now();
    let race = race(sleep(SECOND), works);
    assert!(matches!(event_loop.block_on(race).unwrap(), Either::Right(at) if at == started));
}

/// Returns the loop's time, which it reads on the loop's thread.
fn now_of_the_loop() -> impl Task<Output = Instant> + Send {
    future(async { now() })
}

#[test]
fn it_sleeps_on_the_real_clock() {
    let mut event_loop = EventLoop::new().unwrap();
    let task = thread(|| {
        let before = perform(now_of_the_loop());
        perform(sleep(Duration::from_millis(1)));
        perform(now_of_the_loop()).duration_since(before)
    });
    assert!(event_loop.block_on(task).unwrap() >= Duration::from_millis(1));
}

#[test]
fn it_reads_and_writes_sockets() {
    let (one, other) = UnixStream::pair().unwrap();
    let asks = thread(move || {
        let (written, _) = perform(one.write_all_owned(*b"ping"));
        written.unwrap();
        let (n, buffer) = perform(one.read_owned([0; 9]));
        buffer[..n.unwrap()].to_vec()
    });
    let answers = thread(move || {
        let (n, buffer) = perform(other.read_owned([0; 9]));
        assert_eq!(buffer[..n.unwrap()], *b"ping");
        let (written, _) = perform(other.write_all_owned(*b"pong"));
        written.unwrap();
    });
    let both = EventLoop::new().unwrap().block_on(join(asks, answers)).unwrap();
    assert_eq!(both, (b"pong".to_vec(), ()));
}

/// Returns the current thread. It is never inlined, so that each call looks the thread up anew, as
/// a body must.
#[inline(never)]
fn worker() -> ThreadId {
    std::thread::current().id()
}

#[test]
fn it_goes_from_worker_to_worker() {
    // May has as many workers as there are cores.
    let expected = may::config().get_workers().min(2);
    let task = thread(move || {
        let mut workers = HashSet::new();
        while workers.len() < expected {
            workers.insert(worker());
            perform(turn());
        }
        workers.len()
    });
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    assert_eq!(event_loop.block_on(task).unwrap(), expected);
}

/// Runs a body that captures this many bytes and returns them.
fn returns_what_it_captures<const N: usize>() {
    let captured: [u8; N] = std::array::from_fn(|n| (n % 251) as u8);
    let task = thread(move || {
        perform(turn());
        captured
    });
    assert!(EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap() == captured);
}

#[test]
fn a_body_and_an_output_may_be_large() {
    returns_what_it_captures::<1024>();
    returns_what_it_captures::<1025>();
    returns_what_it_captures::<{ 64 * 1024 }>();
}

#[test]
fn a_body_may_capture_more_than_its_stack_has() {
    // The test itself moves the value a dozen times in a dev build, so it needs a large stack.
    let test = std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
        let captured = [1_u8; 1 << 20];
        let task = thread(move || captured.iter().map(|byte| usize::from(*byte)).sum::<usize>());
        assert_eq!(EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap(), 1 << 20);
    });
    test.unwrap().join().unwrap();
}

#[test]
fn a_stack_may_have_another_size() {
    /// Not inlined, so that it takes stack.
    #[inline(never)]
    fn depth(n: usize) -> usize {
        let page = std::hint::black_box([1_u8; 4096]);
        if n == 0 { 0 } else { depth(n - 1) + usize::from(page[n]) }
    }
    // SAFETY: the body reads no thread-local, and fits its stack.
    let task = unsafe { Builder::new().stack_size(2 << 20).build(|| depth(100)) };
    assert_eq!(EventLoop::with_virtual_clock().unwrap().block_on(task).unwrap(), 100);
}
