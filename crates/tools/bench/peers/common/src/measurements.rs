//! The measurements, as the fields of [`Contender`](quadrivium_bench_protocol::Contender) define
//! them.

use std::{
    future::{pending, poll_fn},
    hint::black_box,
    pin::Pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use quadrivium_bench_protocol::{Counter, Gate, Sleeper, bump, memory as suspended};

use crate::{Channel, Executor, Timers};

/// An hour, for a timeout that does not expire.
const LONG: Duration = Duration::from_secs(3_600);

pub fn turn<E: Executor>(counters: Vec<Counter>) {
    E::run(async {
        let task = |mut counter: Counter| {
            E::spawn(async move {
                while counter.turn() {
                    E::turn().await;
                }
            })
        };
        let handles: Vec<_> = counters.into_iter().map(task).collect();
        for handle in handles {
            E::output(handle.await);
        }
    });
}

pub fn spawn<E: Executor>(n: usize, times: u64) -> Duration {
    E::run(async move {
        let mut handles = Vec::with_capacity(n);
        let start = Instant::now();
        for _ in 0..times {
            handles.extend((0..n).map(|_| E::spawn(async { bump(0) })));
            let mut sum = 0;
            for handle in handles.drain(..) {
                sum += E::output(handle.await);
            }
            assert_eq!(sum, n as u64, "each task returns 1, and every task is joined");
        }
        start.elapsed()
    })
}

pub fn nested<E: Executor>(depth: usize, times: u64) -> Duration {
    timed::<E>(async move {
        black_box(descend::<E>(depth, times).await);
    })
}

/// A recursive async function has to be boxed.
fn descend<E: Executor>(depth: usize, times: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(async move {
        if depth > 0 {
            return bump(descend::<E>(depth - 1, times).await);
        }
        for _ in 0..times {
            E::turn().await;
        }
        0
    })
}

pub fn round_trip<E: Channel>(capacity: usize, times: u64) -> Duration {
    E::run(async move {
        let (mut to_other, mut from_first) = E::channel(capacity);
        let (mut to_first, mut from_other) = E::channel(capacity);
        let other = E::spawn(async move {
            while let Some(number) = E::receive(&mut from_first).await {
                E::send(&mut to_first, number + 1).await;
            }
        });
        let first = E::spawn(async move {
            let start = Instant::now();
            for number in 0..times {
                E::send(&mut to_other, number).await;
                assert_eq!(E::receive(&mut from_other).await, Some(number + 1));
            }
            start.elapsed()
        });
        let elapsed = E::output(first.await);
        E::output(other.await);
        elapsed
    })
}

pub fn stream<E: Channel>(capacity: usize, times: u64) -> Duration {
    E::run(async move {
        let (mut sender, mut receiver) = E::channel(capacity);
        let receiver = E::spawn(async move {
            let start = Instant::now();
            let mut count = 0;
            while E::receive(&mut receiver).await.is_some() {
                count += 1;
            }
            assert_eq!(count, times, "every number arrives");
            start.elapsed()
        });
        let sender = E::spawn(async move {
            for number in 0..times {
                E::send(&mut sender, number).await;
            }
        });
        E::output(sender.await);
        E::output(receiver.await)
    })
}

pub fn bare<E: Executor>(times: u64) -> Duration {
    timed::<E>(async move {
        for _ in 0..times {
            E::turn().await;
        }
    })
}

pub fn timeout<E: Timers>(times: u64) -> Duration {
    timed::<E>(async move {
        for _ in 0..times {
            E::timeout(LONG, E::turn()).await;
        }
    })
}

pub fn timers<E: Timers>(sleepers: Vec<Sleeper>) {
    E::run(async {
        let task = |mut sleeper: Sleeper| {
            E::spawn(async move {
                let duration = sleeper.falls_asleep();
                E::sleep(duration).await;
                sleeper.wakes_up();
            })
        };
        let handles: Vec<_> = sleepers.into_iter().map(task).collect();
        for handle in handles {
            E::output(handle.await);
        }
    });
}

pub fn timer_cancel<E: Timers>(durations: &[Duration], times: u64) -> Duration {
    let durations = durations.to_vec();
    timed::<E>(E::unlimited(async move {
        let mut timers = Vec::with_capacity(durations.len());
        for _ in 0..times {
            for &duration in &durations {
                let mut timer = Box::pin(E::sleep(duration));
                poll_once(timer.as_mut()).await;
                timers.push(timer);
            }
            timers.clear();
        }
    }))
}

pub fn memory<E: Executor>(n: usize) {
    E::run(async move {
        let spawning = E::spawn(async move {
            let mut handles = Vec::with_capacity(n);
            handles.extend((0..n).map(|_| E::spawn(suspend_for_ever())));
            pending::<()>().await;
            drop(handles);
        });
        E::output(spawning.await);
    });
}

/// The body of a task that suspends for ever. The last one answers.
pub async fn suspend_for_ever() -> u64 {
    let count = bump(0);
    suspended::count_suspended();
    if suspended::all_suspended() {
        suspended::answer_and_exit();
    }
    pending::<()>().await;
    bump(count)
}

pub fn wake<E: Executor>(gate: Arc<Gate>) {
    E::run(async {
        let task = E::spawn(gate.serve());
        E::output(task.await);
    });
}

/// Runs the body in a task, and returns how long it took.
pub fn timed<E: Executor>(body: impl Future<Output = ()> + 'static) -> Duration {
    E::run(async {
        let task = E::spawn(async {
            let start = Instant::now();
            body.await;
            start.elapsed()
        });
        E::output(task.await)
    })
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) {
    let is_ready = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    assert!(!is_ready, "the timer is far in the future");
}
