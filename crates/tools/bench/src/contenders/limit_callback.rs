//! The limit of the callback style: a bare queue of boxed closures.

use std::time::Duration;

use super::bare_queue::{spawn_in_queue, suspend_in_queue, turn_in_queue};
use crate::{
    contenders::Contender,
    memory,
    stopwatch::{Counter, bump},
};

/// A closure that is called once per step. It returns whether it must be called again.
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

    fn suspend(&self, tasks: usize) {
        let task = || -> OnStep {
            let mut count = 0;
            Box::new(move || {
                count = bump(count);
                memory::count_suspended();
                true
            })
        };
        suspend_in_queue(tasks, task, resume);
    }
}

/// Returns the output of a task that has ended. These closures have no output, so it is 1, the
/// output of the tasks of other contenders.
#[inline]
fn resume(task: &mut OnStep) -> Option<u64> {
    if task() { None } else { Some(1) }
}
