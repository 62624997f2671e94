//! The limit of the green style: a bare queue of corosensei's coroutines. Their stacks are
//! coloured, which `stacks` explains.

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

/// A task in the queue is a pointer to a coroutine. Moving the coroutine itself stalls the
/// processor, because a wide load reads fields that were written one by one just before. A turn
/// then takes 14 instead of 4.2 ns at 1 task, and 145 instead of 60 ns at 100,000.
type Green = Box<Coroutine<(), (), u64, Colored>>;

/// A bare queue of coroutines, and a pool of free stacks.
#[derive(Debug, Default)]
pub(super) struct LimitGreen {
    pool: RefCell<Vec<Colored>>,
}

impl Contender for LimitGreen {
    fn turn(&self, counters: Vec<Counter>) {
        let mut pool = self.pool(counters.len());
        let mut queue = VecDeque::<Green>::with_capacity(counters.len());
        for mut counter in counters {
            let stack = pool.pop().expect("there is one stack per task");
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
        // In the next sample, each task gets a stack of the same colour as here.
        pool.sort_unstable_by_key(Colored::address);
        pool.reverse();
    }

    /// A task takes a stack when it is first resumed, and returns it at its end. None of these
    /// tasks suspends, so all of them use one warm stack.
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

    fn suspend(&self, tasks: usize) {
        let mut pool = self.pool(tasks);
        let mut queue = VecDeque::<Green>::with_capacity(tasks);
        for _ in 0..tasks {
            let stack = pool.pop().expect("there is one stack per task");
            queue.push_back(Box::new(Coroutine::with_stack(stack, |yielder, ()| {
                let count = bump(0);
                memory::count_suspended();
                yielder.suspend(());
                bump(count)
            })));
        }
        for task in &mut queue {
            task.resume(());
        }
        // The process ends after this. Unwinding every stack would take longer than the
        // measurement.
        std::mem::forget(black_box(queue));
    }
}

impl LimitGreen {
    /// Returns the pool, with at least `tasks` stacks.
    fn pool(&self, tasks: usize) -> std::cell::RefMut<'_, Vec<Colored>> {
        let mut pool = self.pool.borrow_mut();
        if pool.len() < tasks {
            *pool = stacks::carve(tasks);
        }
        pool
    }
}
