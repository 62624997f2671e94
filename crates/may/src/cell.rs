//! [`Cell`]: where a task is kept that runs on may, whoever wakes it.
//!
//! ```text
//!            1 new              2 take
//!   (new) ───────────► Ready ───────────► Running, then perhaps Woken or Cancelled
//!                       ▲ ▲                  │         ▲
//!                       │ └─ 3 it waits for ─┤         └─ 6 a wake, a cancel
//!                       │   a turn, is Woken │
//!                       └─ 5 wake ─ Suspended ◄─ 4 it waits
//!                                      │
//!                  7 cancel, from Ready too; 8 done, panicked, or Cancelled and waits ─► Ended
//! ```
//!
//! 1 `start`  2 `take`  3, 4 `suspend`  5, 6 `wake`  6, 7 `cancel`  7, 8 `end`
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
    Canceller, Context, JoinError, Step, Task, Wait, host::Label, remote::Promise,
};

use crate::{errand::contain, host, ready::Runnable, runtime::Runtime, timers::Timer};

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
    Ended,
}

impl<T: Task + Send> Runnable for Cell<T>
where
    T::Output: Send,
{
    fn run(self: Arc<Self>) {
        let Some(mut body) = self.take() else { return };
        let waker = Waker::from(Arc::clone(&self));
        let resume = || body.as_mut().resume(&mut Context::new(&waker));
        match host::enter(&self.label, || catch_unwind(AssertUnwindSafe(resume))) {
            Ok(Step::Suspended(wait)) => self.suspend(body, &wait, waker),
            Ok(Step::Done(output)) => self.end(body, Ok(output)),
            Err(payload) => self.end(body, Err(JoinError::Panicked(payload))),
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
        promise.cancel_by(Canceller::new(move || _ = weak.upgrade().map(|cell| cell.cancel())));
        cell.state().promise = Some(promise);
        runtime.push(cell);
    }

    /// Takes the body out; nothing when the task has been cancelled since it became ready.
    fn take(&self) -> Option<Pin<Box<T>>> {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Running) {
            Stage::Ready(body) => Some(body),
            other => {
                state.stage = other;
                None
            }
        }
    }

    /// Puts the body back, until what it waits for.
    fn suspend(self: Arc<Self>, body: Pin<Box<T>>, wait: &Wait, waker: Waker) {
        let mut state = self.state();
        match (&state.stage, wait) {
            (Stage::Cancelled, _) => {
                drop(state);
                self.end(body, Err(JoinError::Cancelled));
            }
            (Stage::Woken, _) | (_, Wait::Turn) => {
                state.stage = Stage::Ready(body);
                drop(state);
                let runtime = self.runtime;
                runtime.push(self);
            }
            (_, Wait::Until(deadline)) => {
                // Under the lock: an alarm that rings at once finds the task suspended.
                let timer = self.runtime.timers.arm(*deadline, waker);
                state.stage = Stage::Suspended(body, Some(timer));
            }
            (_, Wait::Ready | Wait::Wake) => state.stage = Stage::Suspended(body, None),
        }
    }

    /// Drops a task and tells who waits for it what it has come to.
    fn end(&self, body: Pin<Box<T>>, joined: Result<T::Output, JoinError>) {
        // The destructors run first: who sees the task ended may rely on them.
        let dropped = host::enter(&self.label, || catch_unwind(AssertUnwindSafe(|| drop(body))));
        let mut state = self.state();
        state.stage = Stage::Ended;
        let promise = state.promise.take();
        drop(state);
        let joined = match dropped {
            Ok(()) => joined,
            Err(payload) => {
                contain(|| drop(joined));
                Err(JoinError::Panicked(payload))
            }
        };
        if let Some(promise) = promise {
            promise.end(joined);
        }
    }

    fn cancel(&self) {
        let mut state = self.state();
        match mem::replace(&mut state.stage, Stage::Ended) {
            Stage::Ready(body) => {
                drop(state);
                self.end(body, Err(JoinError::Cancelled));
            }
            Stage::Suspended(body, timer) => {
                drop(state);
                self.disarm(timer);
                self.end(body, Err(JoinError::Cancelled));
            }
            Stage::Running | Stage::Woken | Stage::Cancelled => state.stage = Stage::Cancelled,
            Stage::Ended => {}
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

/// Nobody can wake the task any more. Who dropped the last waker may have locked something that its
/// destructors ask for, so they run elsewhere.
impl<T: Task + Send + 'static> Drop for Cell<T>
where
    T::Output: Send,
{
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Stage::Suspended(body, _) | Stage::Ready(body) =
            mem::replace(&mut state.stage, Stage::Ended)
        {
            let label = self.label.clone();
            let left = Left { body, promise: state.promise.take() };
            self.runtime.push(Arc::new(Abandoned { label, left: Mutex::new(Some(left)) }));
        }
    }
}

/// What is left of a task that nobody can wake.
struct Abandoned<T: Task> {
    label: Label,
    left: Mutex<Option<Left<T>>>,
}

struct Left<T: Task> {
    body: Pin<Box<T>>,
    promise: Option<Promise<T::Output>>,
}

impl<T: Task + Send> Runnable for Abandoned<T>
where
    T::Output: Send,
{
    fn run(self: Arc<Self>) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Left { body, promise }) = left else { return };
        host::enter(&self.label, || contain(|| drop(body)));
        drop(promise);
    }
}
