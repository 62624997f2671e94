//! [`ReadyTasks`]: what is ready to run on may's workers, and the runners that run it.
//!
//! A *runner* is a closure on a worker that takes tasks until there are none for it, and gives way
//! now and then. There is one for each worker at the most, and there are as many as there is work
//! for:
//!
//! ```text
//!   push ────► shared ──┬─► runner on worker 0 ◄── its own ◄──── push_to(0, ..)
//!     │                 └─► runner on worker 1 ◄── its own ◄──── push_to(1, ..)
//!     └─ a worker has none, and none of those on their way will take the task: one is started
//! ```
//!
//! A worker that runs what is pinned to it has a runner, so no other is sent there that would have
//! to wait; and however many are woken at once, there are no more coroutines than workers.
//!
//! Rejected: a coroutine for each task. It costs a stack of 8 KiB while the task is suspended, and
//! the 32,741st ends the process. And a coroutine for each time that a task is ready: may gives
//! each to one worker in turn, also to one that is busy, and no idle worker takes it from there.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
};

use crate::{
    panics::{contain, lock},
    workers::run_on,
};

/// So many tasks a runner runs before what else may has to do on its worker has its turn.
const TASKS: usize = 128;

/// What a runner runs.
pub(crate) trait ReadyTask: Send + Sync {
    /// Resumes the task once, and does what comes of it. Itself, if any worker may run it again.
    fn run(self: Arc<Self>) -> Option<Arc<dyn ReadyTask>>;
}

/// The tasks that are ready, and where there are runners for them.
pub(crate) struct ReadyTasks {
    state: Mutex<State>,
}

type Tasks = VecDeque<Arc<dyn ReadyTask>>;

struct State {
    /// Those that any worker may run.
    shared: Tasks,
    workers: Vec<WorkerQueue>,
    /// Number of workers that have none.
    without_runner: usize,
    /// Runners on their way to their workers.
    on_the_way: usize,
    /// The worker on which one was started for a shared task last.
    last: usize,
}

/// What belongs to one worker.
#[derive(Default)]
struct WorkerQueue {
    /// Those that only this one may run.
    own: Tasks,
    has_runner: bool,
    /// It takes from the one queue and from the other by turns.
    is_own_next: bool,
}

impl ReadyTasks {
    pub(crate) fn new(workers: usize) -> Self {
        let state = State {
            shared: Tasks::new(),
            workers: (0..workers).map(|_| WorkerQueue::default()).collect(),
            without_runner: workers,
            on_the_way: 0,
            last: 0,
        };
        Self { state: Mutex::new(state) }
    }

    /// Runs this task soon, after those that are ready already.
    pub(crate) fn push(&'static self, task: Arc<dyn ReadyTask>) {
        let mut state = lock(&self.state);
        state.shared.push_back(task);
        self.start_missing_runner(state);
    }

    /// The same, on this worker.
    pub(crate) fn push_to(&'static self, worker: usize, task: Arc<dyn ReadyTask>) {
        let mut state = lock(&self.state);
        state.workers[worker].own.push_back(task);
        if !state.workers[worker].has_runner {
            self.start_runner(state, worker);
        }
    }

    /// Starts a runner for a task that none of those on their way will take.
    fn start_missing_runner(&'static self, mut state: MutexGuard<'_, State>) {
        if state.on_the_way < state.shared.len() && state.without_runner > 0 {
            let worker = state.one_without_runner();
            self.start_runner(state, worker);
        }
    }

    fn start_runner(&'static self, mut state: MutexGuard<'_, State>, worker: usize) {
        state.workers[worker].has_runner = true;
        state.without_runner -= 1;
        state.on_the_way += 1;
        drop(state);
        run_on(worker, move || self.arrive(worker));
    }

    /// A runner has come to its worker.
    fn arrive(&'static self, worker: usize) {
        let mut state = lock(&self.state);
        state.on_the_way -= 1;
        // Whoever has pushed a shared task meanwhile may count on it.
        state.workers[worker].is_own_next = false;
        drop(state);
        self.run(worker);
    }

    /// A runner runs tasks.
    fn run(&'static self, worker: usize) {
        let mut again = None;
        for _ in 0..TASKS {
            let mut state = lock(&self.state);
            // Put back and taken under one lock: it costs one less, and no other runner is started
            // for a lone task that only gives way.
            state.shared.extend(again);
            let Some(task) = state.take(worker) else { return };
            self.start_missing_runner(state);
            // Tasks contain their own panics; this is for wakers of others.
            again = contain(|| task.run()).flatten();
        }
        if let Some(task) = again {
            self.push(task);
        }
        run_on(worker, move || self.run(worker));
    }
}

impl State {
    /// A worker that has no runner: by turns, as it may be busy with other things.
    fn one_without_runner(&mut self) -> usize {
        let number = self.workers.len();
        let mut by_turns = (self.last + 1..=self.last + number).map(|index| index % number);
        let worker = by_turns.find(|worker| !self.workers[*worker].has_runner);
        self.last = worker.expect("there is one");
        self.last
    }

    /// The next task for this worker's runner; none, and it has no runner any more.
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
