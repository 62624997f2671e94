//! The limit of the callback style: a bare queue of boxed closures.

use std::time::Duration;

use super::bare_queue::{hold_in_queue, spawn_in_queue, turn_in_queue};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// A closure that is called once per step and says whether it wants to be called again.
type OnStep = Box<dyn FnMut() -> bool>;

/// A bare queue of [`OnStep`]s.
#[derive(Debug)]
pub(super) struct LimitCallback;

impl Contender for LimitCallback {
    fn turn(&self, counters: Vec<Counter>) {
        let task = |mut counter: Counter| -> OnStep { Box::new(move || counter.turn()) };
        turn_in_queue(counters, task, resume);
    }

    fn spawn(&self, tasks: usize, batches: u64) -> Duration {
        let task = |mut count| -> OnStep {
            Box::new(move || {
                count = bump(count);
                false
            })
        };
        spawn_in_queue(tasks, batches, task, resume)
    }

    fn hold(&self, tasks: usize) {
        let task = || -> OnStep {
            let mut count = 0;
            Box::new(move || {
                count = bump(count);
                memory::suspend_one();
                true
            })
        };
        hold_in_queue(tasks, task, resume);
    }
}

/// A closure returns nothing: so one counts as 1, as the tasks of the others return.
#[inline]
fn resume(task: &mut OnStep) -> Option<u64> {
    if task() { None } else { Some(1) }
}
