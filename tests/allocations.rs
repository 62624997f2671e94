//! What takes no allocation. This program has one test only, because the allocator counts the bytes
//! of all threads.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use peak_alloc::PeakAlloc;
use quadrivium::{
    EventLoop, future, green,
    prelude::*,
    sync::channel::{self, Receiver, Sender},
    time::Elapsed,
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// A limit that does not expire during the test.
const LONG: Duration = Duration::from_secs(3_600);

/// The rounds that one task makes. After the first half of them, the queues of the loop are as long
/// as they need to be.
const ROUNDS: u32 = 64;

/// The bytes on the heap in the middle.
static IN_THE_MIDDLE: AtomicUsize = AtomicUsize::new(0);

/// Notes the bytes on the heap in the middle, and compares them with the peak at the end.
fn check_heap(round: u32) {
    if round == ROUNDS / 2 {
        HEAP.reset_peak_usage();
        IN_THE_MIDDLE.store(HEAP.current_usage(), Ordering::Relaxed);
    }
    if round == ROUNDS {
        let in_the_middle = IN_THE_MIDDLE.load(Ordering::Relaxed);
        assert_eq!(HEAP.peak_usage(), in_the_middle, "nothing was allocated since");
    }
}

type Limited = Result<(), Elapsed>;

fn as_callback() -> impl Task<Output = ()> {
    fn next(cb: &mut Callback<()>, round: u32) {
        check_heap(round);
        if round == ROUNDS {
            return cb.done(());
        }
        cb.perform(timeout(LONG, turn()), move |cb, limited: Limited| {
            limited.unwrap();
            next(cb, round + 1)
        })
    }
    callback(|cb| next(cb, 0))
}

fn as_generator() -> impl Task<Output = ()> {
    generator(|mut co| async move {
        for round in 0..=ROUNDS {
            check_heap(round);
            co.perform(timeout(LONG, turn())).await.unwrap();
        }
    })
}

fn as_future() -> impl Task<Output = ()> {
    future(async {
        for round in 0..=ROUNDS {
            check_heap(round);
            timeout(LONG, turn()).await.unwrap();
        }
    })
}

fn as_green() -> impl Task<Output = ()> {
    green(|| {
        for round in 0..=ROUNDS {
            check_heap(round);
            green::perform(timeout(LONG, turn())).unwrap();
        }
    })
}

/// Receives with a limit, so that a deadline is armed and disarmed in each round.
fn receives(receiver: Receiver<u32>) -> impl Task<Output = ()> {
    future(async move {
        for _ in 0..=ROUNDS {
            let round = timeout(LONG, receiver.recv()).await.unwrap().unwrap();
            check_heap(round);
        }
    })
}

fn sends(sender: Sender<u32>) -> impl Task<Output = ()> {
    future(async move {
        for round in 0..=ROUNDS {
            // A task that must be pinned is contained in place, too.
            let pinned = future::perform(turn());
            timeout(LONG, future(pinned)).await.unwrap();
            sender.send(round).await.unwrap();
        }
    })
}

#[test]
fn a_timeout_takes_no_allocation() {
    let mut event_loop = EventLoop::with_virtual_clock().unwrap();
    event_loop.block_on(as_callback()).unwrap();
    event_loop.block_on(as_generator()).unwrap();
    event_loop.block_on(as_future()).unwrap();
    event_loop.block_on(as_green()).unwrap();
    let (sender, receiver) = channel::bounded(1);
    let both = future(async { join(sends(sender), receives(receiver)).await });
    event_loop.block_on(both).unwrap();
}
