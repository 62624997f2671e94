//! The limit of the green style: a bare queue of corosensei's coroutines on coloured stacks.

use std::{
    cell::RefCell,
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

use corosensei::{Coroutine, CoroutineResult};

use super::{
    join::expect_joined,
    stacks::{self, Colored},
};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// A task in the queue is a pointer: moving the coroutine itself, whose fields were written one by
/// one a moment ago, with wide loads stalls the processor (14 instead of 4.2 ns a turn at 1 task,
/// 145 instead of 60 at 100,000).
type Green = Box<Coroutine<(), (), u64, Colored>>;

/// A bare queue of coroutines, and the stacks that wait for one.
#[derive(Debug, Default)]
pub(super) struct LimitGreen {
    pool: RefCell<Vec<Colored>>,
}

impl Contender for LimitGreen {
    fn turn(&self, counters: Vec<Counter>) {
        let mut pool = self.pool(counters.len());
        let mut queue = VecDeque::<Green>::with_capacity(counters.len());
        for mut counter in counters {
            let stack = pool.pop().expect("one stack per task");
            queue.push_back(Box::new(Coroutine::with_stack(stack, move |yielder, ()| {
                while counter.turn() {
                    yielder.suspend(());
                }
                0
            })));
        }
        while let Some(mut task) = queue.pop_front() {
            match task.resume(()) {
                CoroutineResult::Yield(()) => queue.push_back(task),
                CoroutineResult::Return(_) => pool.push(task.into_stack()),
            }
        }
        // The next sample finds each task on the colour it has here.
        pool.sort_unstable_by_key(Colored::address);
        pool.reverse();
    }

    /// A task takes a stack when it is first resumed and gives it back at its end: as none of
    /// these suspends, one warm stack serves them all.
    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let mut stack = self.pool(1).pop().expect("there is one stack");
        let mut queue = VecDeque::<Box<dyn FnOnce() -> u64>>::with_capacity(tasks);
        let start = Instant::now();
        for _ in 0..batches {
            for _ in 0..tasks {
                let count = 0;
                queue.push_back(Box::new(move || bump(count)));
            }
            let mut sum = 0;
            while let Some(body) = queue.pop_front() {
                let mut task = Coroutine::<(), (), u64, _>::with_stack(stack, move |_, ()| body());
                sum += task.resume(()).as_return().expect("no task suspends here");
                stack = task.into_stack();
            }
            expect_joined(sum, tasks);
        }
        let elapsed = start.elapsed();
        self.pool.borrow_mut().push(stack);
        elapsed
    }

    fn hold(&self, tasks: usize) {
        let mut pool = self.pool(tasks);
        let mut queue = VecDeque::<Green>::with_capacity(tasks);
        for _ in 0..tasks {
            let stack = pool.pop().expect("one stack per task");
            queue.push_back(Box::new(Coroutine::with_stack(stack, |yielder, ()| {
                let count = bump(0);
                memory::suspend_one();
                yielder.suspend(());
                bump(count)
            })));
        }
        for task in &mut queue {
            task.resume(());
        }
        // Unwinding every stack would take longer than the measurement: the process ends here.
        std::mem::forget(black_box(queue));
    }
}

impl LimitGreen {
    /// Returns the pool, filled up to `tasks` stacks.
    fn pool(&self, tasks: usize) -> std::cell::RefMut<'_, Vec<Colored>> {
        let mut pool = self.pool.borrow_mut();
        if pool.len() < tasks {
            *pool = stacks::carve(tasks);
        }
        pool
    }
}
