//! The threads and stacks on which tasks run.

use std::{
    collections::HashSet,
    sync::{Arc, Barrier, mpsc},
    thread,
};

use quadrivium::{may, prelude::*};

use super::{BLOCKS, MS, SECOND, two_workers};

#[test]
fn two_tasks_run_at_the_same_time() {
    two_workers();
    let _blocks = BLOCKS.lock();
    let both = Arc::new(Barrier::new(2));
    let handles = [(); 2].map(|()| {
        let both = Arc::clone(&both);
        may::spawn(future(async move {
            // Each task blocks its worker until the other task runs.
            both.wait();
            thread::current().id()
        }))
    });
    let threads: HashSet<_> =
        handles.into_iter().map(|it| may::block_on(it).unwrap().unwrap()).collect();
    assert_eq!(threads.len(), 2);
}

#[test]
fn a_pinned_task_that_blocks_its_worker_keeps_no_other_waiting() {
    two_workers();
    let _blocks = BLOCKS.lock();
    for round in 0..100 {
        let blocks = may::spawn_pinned(round % 2, || {
            green(|| {
                let (sender, receiver) = mpsc::channel();
                // The other worker is free to run it.
                drop(may::spawn(future(async move { sender.send(7).unwrap() })));
                receiver.recv().unwrap()
            })
        });
        assert_eq!(may::block_on(blocks).unwrap().unwrap(), 7);
    }
}

#[test]
fn a_task_moves_from_one_thread_to_the_other() {
    two_workers();
    let (sender, receiver) = mpsc::channel();
    let wanders = may::spawn(future(async move {
        loop {
            sender.send(thread::current().id()).unwrap();
            turn().await;
        }
    }));
    let mut seen = HashSet::new();
    while seen.len() < 2 {
        // Both workers need something to do.
        let _ = may::spawn(future(async { turn().await }));
        seen.insert(receiver.recv().unwrap());
    }
    wanders.cancel();
}

#[test]
fn a_task_is_in_no_coroutine_and_a_wait_in_may_blocks_its_worker() {
    two_workers();
    let (is_coroutine, before, after) = may::block_on(future(async {
        let before = thread::current().id();
        // A coroutine would be suspended here, and might go on on another thread.
        ::may::coroutine::sleep(2 * MS);
        (::may::coroutine::is_coroutine(), before, thread::current().id())
    }))
    .unwrap();
    assert!(!is_coroutine);
    assert_eq!(before, after);
}

#[test]
fn a_task_has_the_stack_of_a_thread() {
    two_workers();
    #[inline(never)]
    fn deep(left: u32) -> u64 {
        let page = std::hint::black_box([u64::from(left); 128]);
        if left == 0 { 0 } else { page[5] + deep(left - 1) }
    }
    // About half a megabyte; a coroutine of may has 32 KiB.
    let sum = may::block_on(future(async { deep(500) })).unwrap();
    assert_eq!(sum, 125_250);
}

#[test]
fn a_coroutine_of_may_waits_for_a_task_and_blocks_no_worker() {
    two_workers();
    const COROUTINES: usize = 100;
    let coroutine = |i: usize| {
        let waits = move || {
            may::block_on(future(async move {
                sleep(MS).await;
                i
            }))
        };
        // SAFETY: it reads no thread-local across a suspension, and has the room of a thread.
        unsafe { ::may::coroutine::Builder::new().stack_size(0x8000).spawn(waits).unwrap() }
    };
    let coroutines: Vec<_> = (0..COROUTINES).map(coroutine).collect();
    let sum: usize = coroutines.into_iter().map(|it| it.join().unwrap().unwrap()).sum();
    assert_eq!(sum, COROUTINES * (COROUTINES - 1) / 2);
}

#[test]
fn a_cancelled_coroutine_cancels_the_task_it_waits_for() {
    two_workers();
    struct ReportDrop(mpsc::Sender<&'static str>);
    impl Drop for ReportDrop {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    let (sender, receiver) = mpsc::channel();
    let reporter = ReportDrop(sender.clone());
    let waits = move || {
        may::block_on(future(async move {
            let reporter = reporter;
            reporter.0.send("runs").unwrap();
            sleep(3600 * SECOND).await;
        }))
    };
    // SAFETY: it reads no thread-local across a suspension, and has the room of a thread.
    let coroutine =
        unsafe { ::may::coroutine::Builder::new().stack_size(0x8000).spawn(waits).unwrap() };
    assert_eq!(receiver.recv(), Ok("runs"));
    // SAFETY: what it holds is dropped by unwinding, as after a panic.
    unsafe { coroutine.coroutine().cancel() };
    assert!(coroutine.join().is_err());
    assert_eq!(receiver.recv(), Ok("dropped"));
}
