//! The measurements for the limits: a bare queue of tasks that are resumed in turn. These limits
//! differ only in the type of a task and in the function `resume`. It resumes a task once, and
//! returns the output if the task has ended.

use std::{
    collections::VecDeque,
    mem,
    time::{Duration, Instant},
};

use quadrivium_bench_protocol::Counter;

/// Takes turns until all tasks have ended.
pub(super) fn turn<T>(
    counters: Vec<Counter>,
    task: impl Fn(Counter) -> T,
    resume: impl FnMut(&mut T) -> Option<u64>,
) {
    let mut queue = VecDeque::with_capacity(counters.len());
    queue.extend(counters.into_iter().map(task));
    run(&mut queue, resume);
}

/// Fills and empties the queue `times` times.
pub(super) fn spawn<T>(
    n: usize,
    times: u64,
    task: impl Fn(u64) -> T,
    mut resume: impl FnMut(&mut T) -> Option<u64>,
) -> Duration {
    let mut queue = VecDeque::with_capacity(n);
    let start = Instant::now();
    for _ in 0..times {
        for _ in 0..n {
            queue.push_back(task(0));
        }
        assert_eq!(run(&mut queue, &mut resume), n as u64, "each task returns 1");
    }
    start.elapsed()
}

/// Resumes one task until it has ended.
pub(super) fn nested<T>(task: T, resume: impl FnMut(&mut T) -> Option<u64>) -> Duration {
    let mut queue = VecDeque::from([task]);
    let start = Instant::now();
    run(&mut queue, resume);
    start.elapsed()
}

/// Resumes each task once, and leaves them in the queue.
pub(super) fn memory<T>(
    n: usize,
    task: impl Fn() -> T,
    mut resume: impl FnMut(&mut T) -> Option<u64>,
) {
    let mut queue = VecDeque::with_capacity(n);
    for _ in 0..n {
        queue.push_back(task());
    }
    for _ in 0..n {
        let mut task = queue.pop_front().expect("no task ends here");
        resume(&mut task);
        queue.push_back(task);
    }
    // The process ends after this.
    mem::forget(queue);
}

/// Resumes the tasks in turn until all have ended, and returns the sum of their outputs.
#[inline]
fn run<T>(queue: &mut VecDeque<T>, mut resume: impl FnMut(&mut T) -> Option<u64>) -> u64 {
    let mut sum = 0;
    while let Some(mut task) = queue.pop_front() {
        match resume(&mut task) {
            None => queue.push_back(task),
            Some(output) => sum += output,
        }
    }
    sum
}
