//! [`PinnedTask`]: a task that stays on its worker, and the waker by which other threads reach it.
//!
//! ```text
//!   wake ──► the runner of the worker ──► on its thread: polls the task, which is kept there
//! ```

use std::{
    cell::RefCell,
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Wake, Waker},
};

use crate::{lock::lock, runtime::Runtime, workers::ready_tasks::ReadyTask};

/// The waker of a task that stays on its thread.
pub(super) struct PinnedTask {
    runtime: &'static Runtime,
    worker: usize,
    number: u64,
    /// Makes the future, on the worker's thread.
    make: Mutex<Option<MakeFuture>>,
    state: Mutex<State>,
}

/// A task and its loop, as a future that stays on its thread.
pub(super) type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

pub(super) type MakeFuture = Box<dyn FnOnce() -> LocalFuture + Send>;

/// Whether the task is being polled, or waits to be polled.
#[derive(Clone, Copy)]
enum State {
    Suspended,
    Ready,
    Running,
    /// Running, and woken meanwhile.
    Woken,
}

thread_local! {
    /// The futures on this worker, by the numbers of their tasks.
    static FUTURES: RefCell<HashMap<u64, LocalFuture>> = RefCell::default();
}

impl PinnedTask {
    /// Makes a new task, ready to start on this worker.
    pub(super) fn start(runtime: &'static Runtime, worker: usize, make: MakeFuture) {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let (make, state) = (Mutex::new(Some(make)), Mutex::new(State::Suspended));
        Arc::new(Self { runtime, worker, number, make, state }).wake();
    }

    fn push(self: Arc<Self>) {
        self.runtime.ready.push_to(self.worker, self);
    }
}

impl ReadyTask for PinnedTask {
    /// Polls the future. Called on the thread of the task's worker.
    fn run(self: Arc<Self>) -> Option<Arc<dyn ReadyTask>> {
        *lock(&self.state) = State::Running;
        let make = lock(&self.make).take();
        // The future is a local variable while it is polled, so that nothing is borrowed meanwhile.
        let mut future = match make {
            Some(make) => make(),
            None => FUTURES.with_borrow_mut(|all| all.remove(&self.number))?,
        };
        let waker = Waker::from(Arc::clone(&self));
        // It panics only if the reactor is gone. Then the future is dropped.
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            return None;
        }
        FUTURES.with_borrow_mut(|all| all.insert(self.number, future));
        let mut state = lock(&self.state);
        let is_woken = matches!(*state, State::Woken);
        *state = if is_woken { State::Ready } else { State::Suspended };
        drop(state);
        if is_woken {
            self.push();
        }
        None
    }
}

impl Wake for PinnedTask {
    fn wake(self: Arc<Self>) {
        let mut state = lock(&self.state);
        let former = *state;
        *state = match former {
            State::Suspended | State::Ready => State::Ready,
            State::Running | State::Woken => State::Woken,
        };
        drop(state);
        if let State::Suspended = former {
            self.push();
        }
    }
}
