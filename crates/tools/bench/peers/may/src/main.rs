//! The peer may: its green threads on one worker. It is a program of its own, because its signal
//! handler and its failures belong to the whole process.
//!
//! Its channels have no capacity, so they never wait for room. It has no timer that can be dropped,
//! and no timeout for any operation. A green thread spawns the tasks of a measurement. If the main
//! thread did, the first task would already run on the worker while the others are made.

use std::{
    hint::black_box,
    panic,
    process::ExitCode,
    sync::Arc,
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use may::{
    coroutine::{self, Coroutine, JoinHandle, park, sleep, yield_now},
    sync::{mpsc, spsc},
};
use quadrivium_bench_protocol::{
    Contender, Counter, CountingAllocator, Gate, Sleeper, bump, memory as suspended,
};
use quadrivium_peers_common::version;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The channels have the same functions, but no trait.
macro_rules! round_trip {
    ($channel:ident, $times:expr) => {{
        let times = $times;
        let (to_other, from_first) = $channel::channel();
        let (to_first, from_other) = $channel::channel();
        let other = green(move || {
            while let Ok(number) = from_first.recv() {
                to_first.send(number + 1).expect("the receiver is there");
            }
        });
        let elapsed = run(move || {
            let start = Instant::now();
            for number in 0..times {
                to_other.send(number).expect("the receiver is there");
                assert_eq!(from_other.recv(), Ok(number + 1));
            }
            start.elapsed()
        });
        other.join().expect("no task panics");
        elapsed
    }};
}

macro_rules! stream {
    ($channel:ident, $times:expr) => {{
        let times = $times;
        run(move || {
            let (sender, receiver) = $channel::channel();
            let receiver = green(move || {
                let start = Instant::now();
                let count = std::iter::from_fn(|| receiver.recv().ok()).count();
                assert_eq!(count as u64, times, "every number arrives");
                start.elapsed()
            });
            let sender = green(move || {
                for number in 0..times {
                    sender.send(number).expect("the receiver is there");
                }
            });
            sender.join().expect("no task panics");
            receiver.join().expect("no task panics")
        })
    }};
}

fn main() -> ExitCode {
    may::config().set_workers(1);
    // A backtrace needs more than the stack of a green thread.
    panic::set_hook(Box::new(|info| eprintln!("{info}")));
    let contender = Contender {
        turn: Some(turn),
        spawn: Some(spawn),
        nested: Some(nested),
        round_trip: Some(|_, times| round_trip!(spsc, times)),
        stream: Some(|_, times| stream!(spsc, times)),
        timers: Some(timers),
        bare: Some(|times| nested(0, times)),
        memory: Some(memory),
        wake: Some(wake),
        ..Contender::new("may", version("may"))
    };
    let other_channel = Contender {
        round_trip: Some(|_, times| round_trip!(mpsc, times)),
        stream: Some(|_, times| stream!(mpsc, times)),
        ..Contender::new("may, mpsc", version("may"))
    };
    quadrivium_bench_protocol::main(&[contender, other_channel])
}

fn turn(counters: Vec<Counter>) {
    let task = |mut counter: Counter| {
        green(move || {
            while counter.turn() {
                yield_now();
            }
        })
    };
    run(move || join_all(counters.into_iter().map(task).collect()));
}

fn spawn(n: usize, times: u64) -> Duration {
    run(move || {
        let mut handles = Vec::with_capacity(n);
        let start = Instant::now();
        for _ in 0..times {
            handles.extend((0..n).map(|_| green(|| bump(0))));
            let outputs = handles.drain(..).map(|handle| handle.join().expect("no task panics"));
            let sum: u64 = outputs.sum();
            assert_eq!(sum, n as u64, "each task returns 1, and every task is joined");
        }
        start.elapsed()
    })
}

fn nested(depth: usize, times: u64) -> Duration {
    run(move || {
        let start = Instant::now();
        black_box(descend(depth, times));
        start.elapsed()
    })
}

#[inline(never)]
fn descend(depth: usize, times: u64) -> u64 {
    if depth > 0 {
        return bump(descend(black_box(depth - 1), times));
    }
    for _ in 0..times {
        yield_now();
    }
    0
}

fn timers(sleepers: Vec<Sleeper>) {
    let task = |mut sleeper: Sleeper| {
        green(move || {
            let duration = sleeper.falls_asleep();
            sleep(duration);
            sleeper.wakes_up();
        })
    };
    run(move || join_all(sleepers.into_iter().map(task).collect()));
}

fn memory(n: usize) {
    let _handles = run(move || {
        let mut handles = Vec::with_capacity(n);
        handles.extend((0..n).map(|_| {
            green(|| {
                let count = bump(0);
                suspended::count_suspended();
                park();
                bump(count)
            })
        }));
        handles
    });
    // A green thread in the place of this thread would starve the tasks: may runs new green threads
    // only when the worker's own queue is empty.
    while !suspended::all_suspended() {
        thread::sleep(Duration::from_millis(1));
    }
    suspended::answer_and_exit();
}

fn wake(gate: Arc<Gate>) {
    run(move || {
        gate.served_here();
        let waker = Waker::from(Arc::new(Unpark(coroutine::current())));
        gate.register(&waker);
        let mut seen = 0;
        loop {
            match gate.raised_since(seen) {
                Some(u64::MAX) => return,
                Some(raised) => {
                    gate.answer(raised);
                    seen = raised;
                }
                None => park(),
            }
        }
    });
}

/// Wakes a green thread.
struct Unpark(Coroutine);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn join_all(handles: Vec<JoinHandle<()>>) {
    for handle in handles {
        handle.join().expect("no task panics");
    }
}

/// Runs `body` as a green thread and waits for it on this OS thread.
fn run<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    green(body).join().expect("the first green thread does not panic")
}

fn green<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    // SAFETY: the bodies here read no thread-local across a suspension, and need far less than
    // the 32 KiB of a default stack.
    unsafe { coroutine::spawn(body) }
}
