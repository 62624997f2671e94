//! The limit of the green style: a bare queue of corosensei's coroutines. Their stacks are
//! coloured, which `stacks` explains.

use std::{
    cell::RefCell,
    collections::VecDeque,
    hint::black_box,
    mem,
    time::{Duration, Instant},
};

use corosensei::{Coroutine, CoroutineResult, Yielder};
use quadrivium_bench_protocol::{Contender, Counter, bump, memory as suspended};

use super::{
    bare_queue,
    stacks::{self, Colored},
};

/// A task in the queue is a pointer to a coroutine. Moving the coroutine itself stalls the
/// processor, because a wide load reads fields that were written one by one just before. A turn
/// then takes 14 instead of 4.2 ns at 1 task, and 145 instead of 60 ns at 100,000.
type Green = Box<Coroutine<(), (), u64, Colored>>;

thread_local! {
    /// The free stacks. They stay warm from sample to sample.
    static POOL: RefCell<Vec<Colored>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn contender() -> Contender {
    Contender {
        turn: Some(turn),
        spawn: Some(spawn),
        nested: Some(|depth, times| {
            let task = green(pool(1).pop().expect("there is one stack"), move |yielder| {
                descend(yielder, depth, times)
            });
            bare_queue::nested(task, |task| task.resume(()).as_return())
        }),
        memory: Some(memory),
        ..Contender::new("limit, green", "bare")
    }
}

fn green(stack: Colored, body: impl FnOnce(&Yielder<(), ()>) -> u64 + 'static) -> Green {
    Box::new(Coroutine::with_stack(stack, move |yielder, ()| body(yielder)))
}

fn turn(counters: Vec<Counter>) {
    let mut pool = pool(counters.len());
    let mut queue = VecDeque::with_capacity(counters.len());
    for mut counter in counters {
        let stack = pool.pop().expect("there is one stack per task");
        queue.push_back(green(stack, move |yielder| {
            while counter.turn() {
                yielder.suspend(());
            }
            0
        }));
    }
    while let Some(mut task) = queue.pop_front() {
        match task.resume(()) {
            CoroutineResult::Yield(()) => queue.push_back(task),
            CoroutineResult::Return(_) => pool.push(task.into_stack()),
        }
    }
    // In the next sample, each task gets a stack of the same colour as here.
    pool.sort_unstable_by_key(Colored::address);
    pool.reverse();
    POOL.set(pool);
}

/// A task takes a stack when it is first resumed, and returns it at its end. None of these tasks
/// suspends, so all of them use one warm stack.
fn spawn(n: usize, times: u64) -> Duration {
    let mut pool = pool(1);
    let mut stack = pool.pop().expect("there is one stack");
    let mut queue = VecDeque::<Box<dyn FnOnce() -> u64>>::with_capacity(n);
    let start = Instant::now();
    for _ in 0..times {
        for _ in 0..n {
            let count = 0;
            queue.push_back(Box::new(move || bump(count)));
        }
        let mut sum = 0;
        while let Some(body) = queue.pop_front() {
            let mut task = Coroutine::<(), (), u64, _>::with_stack(stack, move |_, ()| body());
            sum += task.resume(()).as_return().expect("no task suspends here");
            stack = task.into_stack();
        }
        assert_eq!(sum, n as u64, "each task returns 1");
    }
    let elapsed = start.elapsed();
    pool.push(stack);
    POOL.set(pool);
    elapsed
}

fn descend(yielder: &Yielder<(), ()>, depth: usize, times: u64) -> u64 {
    if black_box(depth) > 0 {
        return black_box(descend(yielder, depth - 1, times)) + 1;
    }
    for _ in 0..times {
        yielder.suspend(());
    }
    0
}

fn memory(n: usize) {
    let mut pool = pool(n);
    let mut queue = VecDeque::with_capacity(n);
    for _ in 0..n {
        let stack = pool.pop().expect("there is one stack per task");
        queue.push_back(green(stack, |yielder| {
            let count = bump(0);
            suspended::count_suspended();
            yielder.suspend(());
            bump(count)
        }));
    }
    for task in &mut queue {
        task.resume(());
    }
    // The process ends after this. Unwinding every stack would take longer than the measurement.
    mem::forget(queue);
}

/// Takes the pool, with at least `n` stacks.
fn pool(n: usize) -> Vec<Colored> {
    let pool = POOL.take();
    if pool.len() < n { stacks::carve(n) } else { pool }
}
