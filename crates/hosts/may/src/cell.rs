//! [`Cell`]: where a task is kept that runs on may, whoever wakes it.
//!
//! ```text
//!            1 new              2 run
//!   (new) ───────────► Ready ───────────► Running, then perhaps Woken or Cancelled
//!                      ▲ ▲ │                 │         ▲
//!                      │ └─│─ 3 it waits for ┤         └─ 6 a wake, a cancel
//!                      │   │ a turn, is Woken│
//!             5 wake ──┤   │ 7 cancel        │
//!                      │   ▼                 │
//!                      │ Doomed ─── 8 run ───│──────────────────────────────► Ended
//!                      │   ▲ 7 cancel        │                                  ▲
//!                     Suspended ◄─ 4 it waits┴─ 9 done, panicked, Cancelled ────┘
//! ```
//!
//! 1 `start`  2, 8 `run`  3, 4 `suspend`  5, 6 `wake`  6, 7 `cancel`  8, 9 `end`
//!
//! Who is Ready or Doomed is in the ready queue, once. A cancel goes through it as well: who cancels
//! may have locked what the destructors ask for, may be the destructor of another task, or a
//! coroutine of may, which has no room for them and must not be suspended in one.
//!
//! A wake is a reference to the cell. So a task that nobody can wake any more is dropped, and counts
//! as cancelled: nobody waits for it for ever.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Wake, Waker},
};

use quadrivium_core::{
    Canceller, Context, JoinError, Step, Task, Wait, fairness, host::Label, remote::Promise,
};

use crate::{clock, errand::contain, host, ready::Runnable, runtime::Runtime, timers::Timer};

pub(crate) struct Cell<T: Task + Send + 'static>
where
    T::Output: Send,
{
    runtime: &'static Runtime,
    label: Label,
    state: Mutex<State<T>>,
}

struct State<T: Task> {
    stage: Stage<T>,
    /// There until it has ended.
    promise: Option<Promise<T::Output>>,
}

enum Stage<T> {
    Ready(Pin<Box<T>>),
    Running,
    /// Running, and woken meanwhile.
    Woken,
    /// Running, and cancelled meanwhile.
    Cancelled,
    Suspended(Pin<Box<T>>, Option<Timer>),
    /// Cancelled, and to be dropped on a worker.
    Doomed(Pin<Box<T>>),
    Ended,
}

impl<T: Task + Send> Runnable for Cell<T>
where
    T::Output: Send,
{
    fn run(self: Arc<Self>) -> Option<Arc<dyn Runnable>> {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Running) {
            Stage::Ready(body) => {
                drop(state);
                self.resume(body)
            }
            Stage::Doomed(body) => {
                drop(state);
                self.end(body, Err(JoinError::Cancelled));
                None
            }
            _ => unreachable!("what is in the queue is ready or doomed"),
        }
    }
}

impl<T: Task + Send> Cell<T>
where
    T::Output: Send,
{
    /// A new task, ready to start.
    pub(crate) fn start(
        runtime: &'static Runtime,
        label: Label,
        task: T,
        promise: Promise<T::Output>,
    ) {
        let state = State { stage: Stage::Ready(Box::pin(task)), promise: None };
        let cell = Arc::new(Self { runtime, label, state: Mutex::new(state) });
        let weak = Arc::downgrade(&cell);
        promise.cancel_by(Canceller::new(move || _ = weak.upgrade().map(Self::cancel)));
        cell.state().promise = Some(promise);
        runtime.push(cell);
    }

    /// Resumes it once. Itself, if it is ready again.
    fn resume(self: Arc<Self>, mut body: Pin<Box<T>>) -> Option<Arc<dyn Runnable>> {
        let waker = Waker::from(Arc::clone(&self));
        fairness::begin_step();
        let resume = || body.as_mut().resume(&mut Context::new(&waker));
        match host::enter(&self.label, || catch_unwind(AssertUnwindSafe(resume))) {
            Ok(Step::Suspended(wait)) => return self.suspend(body, &wait, waker),
            Ok(Step::Done(output)) => self.end(body, Ok(output)),
            Err(payload) => self.end(body, Err(JoinError::panicked(payload))),
        }
        None
    }

    /// Puts the body back, until what it waits for. Itself, if that is nothing.
    fn suspend(
        self: Arc<Self>,
        body: Pin<Box<T>>,
        wait: &Wait,
        waker: Waker,
    ) -> Option<Arc<dyn Runnable>> {
        let mut state = self.state();
        match (&state.stage, wait) {
            (Stage::Cancelled, _) => {
                drop(state);
                self.end(body, Err(JoinError::Cancelled));
            }
            (Stage::Woken, _) | (_, Wait::Turn) => {
                state.stage = Stage::Ready(body);
                drop(state);
                return Some(self);
            }
            (_, Wait::Until(deadline)) if clock::ever_is(*deadline) => {
                // Under the lock: an alarm that rings at once finds the task suspended.
                let timer = self.runtime.timers.arm(*deadline, waker);
                state.stage = Stage::Suspended(body, Some(timer));
            }
            (_, Wait::Until(_) | Wait::Ready | Wait::Wake) => {
                state.stage = Stage::Suspended(body, None)
            }
        }
        None
    }

    /// Drops a task and tells who waits for it what it has come to.
    fn end(&self, body: Pin<Box<T>>, joined: Result<T::Output, JoinError>) {
        host::enter(&self.label, || self.end_inside(body, joined));
    }

    /// The same, with the host entered: for the destructors of the body, and of an output that nobody
    /// waits for.
    fn end_inside(&self, body: Pin<Box<T>>, joined: Result<T::Output, JoinError>) {
        // The destructors run first: who sees the task ended may rely on them.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let mut state = self.state();
        state.stage = Stage::Ended;
        let promise = state.promise.take();
        drop(state);
        let joined = match dropped {
            Ok(()) => joined,
            Err(payload) => {
                contain(|| drop(joined));
                Err(JoinError::panicked(payload))
            }
        };
        if let Some(promise) = promise {
            promise.end(joined);
        }
    }

    fn cancel(self: Arc<Self>) {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Cancelled) {
            Stage::Ready(body) | Stage::Doomed(body) => state.stage = Stage::Doomed(body),
            Stage::Suspended(body, timer) => {
                state.stage = Stage::Doomed(body);
                drop(state);
                self.disarm(timer);
                let runtime = self.runtime;
                runtime.push(self);
            }
            Stage::Running | Stage::Woken | Stage::Cancelled => {}
            Stage::Ended => state.stage = Stage::Ended,
        }
    }

    fn disarm(&self, timer: Option<Timer>) {
        if let Some(timer) = timer {
            self.runtime.timers.disarm(timer);
        }
    }

    /// No user code runs under this lock, so a poisoned one holds nothing half done.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Task + Send> Wake for Cell<T>
where
    T::Output: Send,
{
    fn wake(self: Arc<Self>) {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Woken) {
            Stage::Suspended(body, timer) => {
                state.stage = Stage::Ready(body);
                drop(state);
                self.disarm(timer);
                let runtime = self.runtime;
                runtime.push(self);
            }
            Stage::Running => {}
            other => state.stage = other,
        }
    }
}

/// Nobody can wake the task any more: what is left of it is dropped as if it was cancelled.
impl<T: Task + Send + 'static> Drop for Cell<T>
where
    T::Output: Send,
{
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Stage::Suspended(body, _) = mem::replace(&mut state.stage, Stage::Ended) {
            let doomed = State { stage: Stage::Doomed(body), promise: state.promise.take() };
            let Self { runtime, label, .. } = self;
            let cell = Self { runtime, label: label.clone(), state: Mutex::new(doomed) };
            runtime.push(Arc::new(cell));
        }
    }
}
