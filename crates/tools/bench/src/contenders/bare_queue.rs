//! The measurements for the limits: a bare queue of tasks that are resumed in turn. These limits
//! differ only in the type of a task and in the function `resume`. It resumes a task once, and
//! returns the output if the task has ended.

use std::{
    collections::VecDeque,
    hint::black_box,
    time::{Duration, Instant},
};

use super::join::expect_joined;
use crate::stopwatch::Counter;

/// Does the work of [`Contender::turn`](super::Contender::turn) in a bare queue.
pub(super) fn turn_in_queue<T>(
    counters: Vec<Counter>,
    task: impl Fn(Counter) -> T,
    resume: impl FnMut(&mut T) -> Option<u64>,
) {
    let mut queue = VecDeque::with_capacity(counters.len());
    queue.extend(counters.into_iter().map(task));
    run(&mut queue, resume);
}

/// Does the work of [`Contender::spawn`](super::Contender::spawn) in a bare queue.
pub(super) fn spawn_in_queue<T>(
    tasks: usize,
    batches: u64,
    task: impl Fn(u64) -> T,
    mut resume: impl FnMut(&mut T) -> Option<u64>,
) -> Duration {
    let mut queue = VecDeque::with_capacity(tasks);
    let start = Instant::now();
    for _ in 0..batches {
        for _ in 0..tasks {
            queue.push_back(task(0));
        }
        expect_joined(run(&mut queue, &mut resume), tasks);
    }
    start.elapsed()
}

/// Does the work of [`Contender::suspend`](super::Contender::suspend) in a bare queue.
pub(super) fn suspend_in_queue<T>(
    tasks: usize,
    task: impl Fn() -> T,
    mut resume: impl FnMut(&mut T) -> Option<u64>,
) {
    let mut queue = VecDeque::with_capacity(tasks);
    for _ in 0..tasks {
        queue.push_back(task());
    }
    for _ in 0..tasks {
        let mut task = queue.pop_front().expect("no task ends here");
        resume(&mut task);
        queue.push_back(task);
    }
    black_box(queue);
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
