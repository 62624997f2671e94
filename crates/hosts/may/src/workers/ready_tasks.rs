//! [`ReadyTasks`]: the tasks that are ready to run on may's workers, and the runners that run them.
//!
//! A *runner* is a closure that runs in a coroutine of `may`, on one worker. It takes tasks until
//! there are none for it, and now and then lets other work run on its worker. Each worker has one
//! runner at most, and runners are started only while there is work for them:
//!
//! ```text
//!   push ────► shared ──┬─► runner on worker 0 ◄── its own ◄──── push_to(0, ..)
//!     │                 └─► runner on worker 1 ◄── its own ◄──── push_to(1, ..)
//!     └─ starts a runner if a worker has none and no runner on its way will take the task
//! ```
//!
//! Tasks that are bound to one worker are called *pinned*. A worker that runs pinned tasks has a
//! runner already, so no second one is sent there only to wait. However many tasks are woken at
//! once, there are never more runners than workers, and each is one coroutine.
//!
//! Rejected: a coroutine for each task. It costs a stack of 8 KiB while the task is suspended, and
//! the 32,741st coroutine ends the process.
//!
//! Rejected: a coroutine each time that a task is ready. The crate `may` hands each
//! coroutine to the next worker, even if that worker is busy, and no idle worker takes it from
//! there.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use quadrivium_core::host::contain;

use crate::{lock::lock, workers::run_on};

/// The number of tasks that a runner runs before other work of may on its worker runs.
const TASKS_PER_RUN: usize = 128;

/// A task that a runner can run.
pub(crate) trait ReadyTask: Send + Sync {
    /// Resumes the task once, and suspends or ends it. Returns the task if it is ready again and
    /// any worker may run it.
    fn run(self: Arc<Self>) -> Option<Arc<dyn ReadyTask>>;
}

/// The ready tasks, and the workers that have runners for them.
pub(crate) struct ReadyTasks {
    state: Mutex<State>,
}

type TaskQueue = VecDeque<Arc<dyn ReadyTask>>;

struct State {
    /// The tasks that any worker may run.
    shared: TaskQueue,
    workers: Vec<WorkerQueue>,
    /// Number of workers without a runner.
    without_runner: usize,
    /// Number of runners that have not reached their workers yet.
    on_the_way: usize,
    /// The worker on which a runner was last started for a shared task.
    last: usize,
}

/// The queue and the runner of one worker.
#[derive(Default)]
struct WorkerQueue {
    /// The tasks that only this worker may run.
    own: TaskQueue,
    has_runner: bool,
    /// Whether the runner looks into its own queue first next time. This flips with each take.
    is_own_next: bool,
}

impl ReadyTasks {
    pub(crate) fn new(workers: usize) -> Self {
        let state = State {
            shared: TaskQueue::new(),
            workers: (0..workers).map(|_| WorkerQueue::default()).collect(),
            without_runner: workers,
            on_the_way: 0,
            last: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// Queues a task that any worker may run, behind the tasks that are ready already.
    pub(crate) fn push(&'static self, task: Arc<dyn ReadyTask>) {
        let mut state = lock(&self.state);
        state.shared.push_back(task);
        self.start_missing_runner(state);
    }

    /// Queues a task that only this worker may run.
    pub(crate) fn push_to(&'static self, worker: usize, task: Arc<dyn ReadyTask>) {
        let mut state = lock(&self.state);
        state.workers[worker].own.push_back(task);
        if !state.workers[worker].has_runner {
            self.start_runner(state, worker);
        }
    }

    /// Starts a runner if the runners on their way will not take every shared task.
    fn start_missing_runner(&'static self, mut state: MutexGuard<'_, State>) {
        if state.on_the_way < state.shared.len() && state.without_runner > 0 {
            let worker = state.worker_without_runner();
            self.start_runner(state, worker);
        }
    }

    /// Sends a runner to this worker.
    fn start_runner(&'static self, mut state: MutexGuard<'_, State>, worker: usize) {
        state.workers[worker].has_runner = true;
        state.without_runner -= 1;
        state.on_the_way += 1;
        drop(state);
        run_on(worker, move || self.runner_arrived(worker));
    }

    /// Called when a runner has reached its worker.
    fn runner_arrived(&'static self, worker: usize) {
        let mut state = lock(&self.state);
        state.on_the_way -= 1;
        // Code that has pushed a shared task meanwhile relies on this runner to take it first.
        state.workers[worker].is_own_next = false;
        drop(state);
        self.run_tasks(worker);
    }

    /// Runs tasks until there are none, or until it is time for other work of may.
    fn run_tasks(&'static self, worker: usize) {
        let mut again = None;
        for _ in 0..TASKS_PER_RUN {
            let mut state = lock(&self.state);
            // The task is put back and the next one is taken under one lock. That saves a lock, and
            // no second runner is started for one task that merely called `turn()`.
            state.shared.extend(again);
            let Some(task) = state.take(worker) else { return };
            self.start_missing_runner(state);
            // Tasks handle their own panics. This is for wakers of other crates.
            again = contain(|| task.run()).flatten();
        }
        if let Some(task) = again {
            self.push(task);
        }
        run_on(worker, move || self.run_tasks(worker));
    }
}

impl State {
    /// Returns a worker without a runner. The search goes round the workers, because one may be
    /// busy with other work.
    fn worker_without_runner(&mut self) -> usize {
        let number = self.workers.len();
        let mut by_turns = (self.last + 1..=self.last + number).map(|index| index % number);
        let worker = by_turns.find(|worker| !self.workers[*worker].has_runner);
        self.last = worker.expect("a worker without a runner exists");
        self.last
    }

    /// Takes the next task for this worker's runner. If it returns `None`, the worker has no runner
    /// any more.
    fn take(&mut self, worker: usize) -> Option<Arc<dyn ReadyTask>> {
        let Self { shared, workers, without_runner, .. } = self;
        let WorkerQueue { own, has_runner, is_own_next } = &mut workers[worker];
        let (first, second) = if *is_own_next { (own, shared) } else { (shared, own) };
        let task = first.pop_front().or_else(|| second.pop_front());
        *is_own_next = !*is_own_next;
        if task.is_none() {
            *has_runner = false;
            *without_runner += 1;
        }
        task
    }
}
