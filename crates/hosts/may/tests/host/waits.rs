//! Deadlines, turns, and wakes from other threads and tasks.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use futures::{SinkExt, StreamExt, channel};
use quadrivium::{
    may,
    prelude::*,
    task::{Context, Step, Wait},
    time,
};

use super::{MS, SECOND, two_workers};

#[test]
fn no_deadline_comes_early() {
    two_workers();
    let began = Instant::now();
    let sleeps = (0..100_u32).map(|i| {
        may::spawn(future(async move {
            let deadline = time::now() + i * MS / 10;
            time::sleep_until(deadline).await;
            time::now() >= deadline
        }))
    });
    let sleeps: Vec<_> = sleeps.collect();
    for sleeps in sleeps {
        assert!(may::block_on(sleeps).unwrap().unwrap());
    }
    assert!(began.elapsed() >= 99 * MS / 10);
}

#[test]
fn deadlines_come_in_order() {
    two_workers();
    let order = Arc::new(Mutex::new(Vec::new()));
    let handles = [30, 10, 20].map(|after| {
        let order = Arc::clone(&order);
        may::spawn(future(async move {
            sleep(after * MS).await;
            order.lock().unwrap().push(after);
        }))
    });
    for handle in handles {
        may::block_on(handle).unwrap().unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [10, 20, 30]);
}

/// Waits until this instant.
struct Until(Instant);

impl Task for Until {
    type Output = ();

    fn resume(self: Pin<&mut Self>, _: &mut Context<'_>) -> Step<()> {
        Step::Suspended(Wait::Until(self.0))
    }
}

#[test]
fn the_latest_possible_deadline_delays_no_earlier_one() {
    two_workers();
    let now = Instant::now();
    // All seconds that an instant can count, except those that the machine has been running
    // already.
    let all = Duration::from_secs(i64::MAX as u64 - 10_000_000_000);
    let far = [all / 2, all].map(|it| may::spawn(Until(now + it)));
    may::block_on(sleep(MS)).unwrap();
    far.iter().for_each(|it| it.cancel());
    for it in far {
        assert!(matches!(may::block_on(it).unwrap(), Err(JoinError::Cancelled)));
    }
    may::block_on(sleep(MS)).unwrap();
}

#[test]
fn a_wake_comes_before_a_deadline() {
    two_workers();
    let (mut sender, mut receiver) = channel::mpsc::channel::<u32>(0);
    let waits = may::spawn(future(async move {
        timeout(3600 * SECOND, future(async move { receiver.next().await })).await
    }));
    let _ = may::spawn(future(async move { sender.send(7).await }));
    assert_eq!(may::block_on(waits).unwrap().unwrap().unwrap(), Some(7));
}

#[test]
fn a_timeout_ends_a_wait_for_ever() {
    two_workers();
    let never = timeout(MS, future(std::future::pending::<()>()));
    assert!(may::block_on(never).unwrap().is_err());
}

#[test]
fn wakes_from_other_threads() {
    two_workers();
    let (mut sender, mut receiver) = channel::mpsc::channel(0);
    let sends = thread::spawn(move || {
        futures::executor::block_on(async {
            for i in 0..10_000_u64 {
                sender.send(i).await.unwrap();
            }
        });
    });
    let sum = may::block_on(future(async move {
        let mut sum = 0;
        while let Some(i) = receiver.next().await {
            sum += i;
        }
        sum
    }));
    sends.join().unwrap();
    assert_eq!(sum.unwrap(), 49_995_000);
}

#[test]
fn tasks_talk_to_each_other() {
    two_workers();
    let (mut ping, mut pinged) = channel::mpsc::channel::<u32>(0);
    let (mut pong, mut ponged) = channel::mpsc::channel::<u32>(0);
    let _ = may::spawn(future(async move {
        while let Some(i) = pinged.next().await {
            pong.send(i + 1).await.unwrap();
        }
    }));
    let last = may::spawn(future(async move {
        let mut i = 0;
        while i < 10_000 {
            ping.send(i).await.unwrap();
            i = ponged.next().await.unwrap();
        }
        i
    }));
    assert_eq!(may::block_on(last).unwrap().unwrap(), 10_000);
}

/// Spawns tasks that are always ready, more than there are workers.
fn busy() -> Vec<quadrivium::event_loop::RemoteHandle<()>> {
    (0..8)
        .map(|_| {
            may::spawn(future(async {
                loop {
                    turn().await;
                }
            }))
        })
        .collect()
}

#[test]
fn tasks_that_are_always_ready_starve_neither_deadlines_nor_coroutines() {
    two_workers();
    let busy = busy();
    may::block_on(sleep(5 * MS)).unwrap();
    let (sender, receiver) = mpsc::channel();
    let _ = may::spawn(future(async move { sender.send(()).unwrap() }));
    receiver.recv().unwrap();
    busy.iter().for_each(|handle| handle.cancel());
    for handle in busy {
        assert!(may::block_on(handle).unwrap().is_err());
    }
}

#[test]
fn a_sleep_without_end_is_dropped_however_long_it_is() {
    two_workers();
    for never in [Duration::MAX, Duration::from_secs(u64::MAX / 4), Duration::from_secs(1 << 40)] {
        let joined = may::block_on(may::spawn(sleep(never))).unwrap();
        assert!(matches!(joined, Err(JoinError::Cancelled)), "{never:?}");
        let limited = may::block_on(timeout(MS, sleep(never))).unwrap();
        assert!(limited.is_err(), "{never:?}");
    }
}
