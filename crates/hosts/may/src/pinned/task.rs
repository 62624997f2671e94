//! [`PinnedTask`]: a task that stays on its worker, and how it is reached from other threads.
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

use crate::{panics::lock, runtime::Runtime, workers::ready_tasks::ReadyTask};

/// How a task that stays on its thread is reached from others. It is its waker.
pub(super) struct PinnedTask {
    runtime: &'static Runtime,
    worker: usize,
    number: u64,
    /// Makes the future, on the worker's thread.
    make: Mutex<Option<MakeFuture>>,
    state: Mutex<State>,
}

/// A task and its loop. It stays on its thread.
pub(super) type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

pub(super) type MakeFuture = Box<dyn FnOnce() -> LocalFuture + Send>;

/// Whether the task is being polled, or about to be.
#[derive(Clone, Copy)]
enum State {
    Suspended,
    Ready,
    Running,
    /// Running, and woken meanwhile.
    Woken,
}

thread_local! {
    /// What is on this worker, by the numbers of the tasks.
    static FUTURES: RefCell<HashMap<u64, LocalFuture>> = RefCell::default();
}

impl PinnedTask {
    /// A new task, ready to start on this worker.
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
    /// On the thread of its worker: polls the future.
    fn run(self: Arc<Self>) -> Option<Arc<dyn ReadyTask>> {
        *lock(&self.state) = State::Running;
        let make = lock(&self.make).take();
        // A local while it is polled: nothing is borrowed meanwhile.
        let mut future = match make {
            Some(make) => make(),
            None => FUTURES.with_borrow_mut(|all| all.remove(&self.number))?,
        };
        let waker = Waker::from(Arc::clone(&self));
        // When it panics, which takes a reactor that is gone, it is dropped.
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
