//! [`ReadyQueue`]: the tasks that are ready to run on may's workers, and the runners that run them.
//!
//! A *runner* is an errand to a worker that takes tasks from the queue until it is empty, and gives
//! way now and then. There is one for each worker at the most, and there are as many as there is work
//! for:
//!
//! ```text
//!   push ──► queue ──► runner on worker 0
//!     │            └─► runner on worker 1
//!     └─ a worker without one, and a task that none of those on their way will take: one is sent
//! ```
//!
//! Rejected: a coroutine for each task. It costs a stack of 8 KiB while the task is suspended, and
//! the 32,741st ends the process. And a coroutine for each time that a task is ready: may gives each
//! to one worker in turn, also to one that is busy, and no idle worker takes it from there.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    errand::contain,
    runtime::Runtime,
    worker::{self, workers},
};

/// So many tasks a runner runs before what else may has to do on its worker has its turn.
const TASKS: usize = 128;

/// What a runner runs.
pub(crate) trait Runnable: Send + Sync {
    /// Resumes the task once, and does what comes of it.
    fn run(self: Arc<Self>);
}

#[derive(Default)]
pub(crate) struct ReadyQueue {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Arc<dyn Runnable>>,
    /// Of each worker, whether it has a runner.
    has_runner: Vec<bool>,
    /// Runners on their way to their workers.
    on_the_way: usize,
    /// The worker that was sent one last.
    last: usize,
}

impl Runtime {
    /// Runs this task soon, after those that are ready already.
    pub(crate) fn push(&'static self, task: Arc<dyn Runnable>) {
        let mut state = self.ready.state();
        state.tasks.push_back(task);
        if state.on_the_way < state.tasks.len()
            && let Some(worker) = state.send_to()
        {
            drop(state);
            worker::send(worker, move || self.arrive(worker));
        }
    }

    /// A runner has come to its worker.
    fn arrive(&'static self, worker: usize) {
        self.ready.state().on_the_way -= 1;
        self.run(worker);
    }

    fn run(&'static self, worker: usize) {
        for _ in 0..TASKS {
            let Some(task) = self.ready.take(worker) else { return };
            // Tasks contain their own panics; this is for wakers of others.
            contain(|| task.run());
        }
        worker::send(worker, move || self.run(worker));
    }
}

impl State {
    /// A worker that has no runner, and is sent one now: by turns, as it may be busy with other
    /// things.
    fn send_to(&mut self) -> Option<usize> {
        if self.has_runner.is_empty() {
            self.has_runner = vec![false; workers()];
        }
        let number = self.has_runner.len();
        let by_turns = (self.last + 1..=self.last + number).map(|index| index % number);
        let worker = by_turns.into_iter().find(|worker| !self.has_runner[*worker])?;
        self.has_runner[worker] = true;
        self.on_the_way += 1;
        self.last = worker;
        Some(worker)
    }
}

impl ReadyQueue {
    /// The next task; none, and this worker has no runner any more.
    fn take(&self, worker: usize) -> Option<Arc<dyn Runnable>> {
        let mut state = self.state();
        let task = state.tasks.pop_front();
        state.has_runner[worker] = task.is_some();
        task
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
