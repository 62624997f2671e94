//! [`MovableTask`]: a task that any worker may resume, and any thread may wake.
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
//! A task that is Ready or Doomed is in the ready queue, once. A cancel also goes through the
//! queue, because the destructors must not run on the thread that cancels:
//!
//! * The thread may have locked something that the destructors need.
//! * It may be running the destructor of another task.
//! * It may be in a coroutine of may, whose stack is too small for them, and which must not be
//!   suspended in one.
//!
//! A waker is a reference to the task. So a task that nothing can wake any more is dropped, and
//! counts as cancelled. No other task waits for it for ever.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
};

use quadrivium_core::{
    Canceller, Context, JoinError, Step, Task, Wait, fairness,
    host::{Label, ObservedStep, contain, observed_step},
    inspect::RunningTask,
    remote_task::Promise,
};

use crate::{
    lock::lock,
    movable::host,
    runtime::Runtime,
    time::{clock, deadlines::ArmedDeadline},
    workers::ready_tasks::ReadyTask,
};

pub(super) struct MovableTask<T: Task + Send + 'static>
where
    T::Output: Send,
{
    runtime: &'static Runtime,
    label: Label,
    locked: Mutex<Locked<T>>,
}

/// The data behind the lock of a task.
struct Locked<T: Task> {
    state: State<T>,
    /// Present until the task has ended.
    promise: Option<Promise<T::Output>>,
}

enum State<T> {
    Ready(Pin<Box<T>>),
    Running,
    /// Running, and woken meanwhile.
    Woken,
    /// Running, and cancelled meanwhile.
    Cancelled,
    Suspended(Pin<Box<T>>, Option<ArmedDeadline>),
    /// Cancelled, and waiting to be dropped on a worker.
    Doomed(Pin<Box<T>>),
    Ended,
}

impl<T: Task + Send> ReadyTask for MovableTask<T>
where
    T::Output: Send,
{
    fn run(self: Arc<Self>) -> Option<Arc<dyn ReadyTask>> {
        let mut locked = lock(&self.locked);
        match mem::replace(&mut locked.state, State::Running) {
            State::Ready(body) => {
                drop(locked);
                self.resume(body)
            }
            State::Doomed(body) => {
                drop(locked);
                self.end(body, Err(JoinError::Cancelled));
                None
            }
            _ => unreachable!("a task in the queue is ready or doomed"),
        }
    }
}

impl<T: Task + Send> MovableTask<T>
where
    T::Output: Send,
{
    /// Makes a new task, ready to start.
    pub(super) fn start(
        runtime: &'static Runtime,
        label: Label,
        task: T,
        promise: Promise<T::Output>,
    ) {
        let locked = Locked { state: State::Ready(Box::pin(task)), promise: None };
        let task = Arc::new(Self { runtime, label, locked: Mutex::new(locked) });
        let weak = Arc::downgrade(&task);
        promise.cancel_by(Canceller::new(move || _ = weak.upgrade().map(Self::cancel)));
        lock(&task.locked).promise = Some(promise);
        runtime.ready.push(task);
    }

    /// Resumes the task once. Returns the task if it is ready again.
    fn resume(self: Arc<Self>, mut body: Pin<Box<T>>) -> Option<Arc<dyn ReadyTask>> {
        let waker = Waker::from(Arc::clone(&self));
        fairness::begin_step();
        let resume = || {
            let _observed = observed_step(self.number(), body.style());
            catch_unwind(AssertUnwindSafe(|| body.as_mut().resume(&mut Context::new(&waker))))
        };
        match host::enter(&self.label, resume) {
            Ok(Step::Suspended(wait)) => return self.suspend(body, &wait, waker),
            Ok(Step::Done(output)) => self.end(body, Ok(output)),
            Err(payload) => self.end(body, Err(JoinError::panicked(payload))),
        }
        None
    }

    /// Puts the body back until the task is woken. Returns the task if it is ready again.
    fn suspend(
        self: Arc<Self>,
        body: Pin<Box<T>>,
        wait: &Wait,
        waker: Waker,
    ) -> Option<Arc<dyn ReadyTask>> {
        let mut locked = lock(&self.locked);
        match (&locked.state, wait) {
            (State::Cancelled, _) => {
                drop(locked);
                self.end(body, Err(JoinError::Cancelled));
            }
            (State::Woken, _) | (_, Wait::Turn) => {
                locked.state = State::Ready(body);
                drop(locked);
                return Some(self);
            }
            (_, Wait::Until(deadline)) if clock::ever_is(*deadline) => {
                // The lock is still held, so an alarm that rings at once finds the task suspended.
                let timer = self.runtime.deadlines.arm(*deadline, waker);
                locked.state = State::Suspended(body, Some(timer));
            }
            (_, Wait::Until(_) | Wait::Ready | Wait::Wake) => {
                locked.state = State::Suspended(body, None)
            }
        }
        None
    }

    /// Drops the body of a task and passes the result to its handle.
    fn end(&self, body: Pin<Box<T>>, joined: Result<T::Output, JoinError>) {
        host::enter(&self.label, || self.end_with_host(body, joined));
    }

    /// Does this with the host entered, for the destructors of the body and of an output that no
    /// task waits for.
    fn end_with_host(&self, body: Pin<Box<T>>, joined: Result<T::Output, JoinError>) {
        let observed = observed_step(self.number(), body.style());
        // The destructors run first: code that sees that the task has ended may rely on it.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let mut locked = lock(&self.locked);
        locked.state = State::Ended;
        let promise = locked.promise.take();
        drop(locked);
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
        _ = observed.map(ObservedStep::end_task);
    }

    /// Returns the number of the task for observers. It counts down, because tasks of loops have
    /// small numbers.
    fn number(&self) -> RunningTask {
        RunningTask(u64::MAX - self.label.id.0)
    }

    fn cancel(self: Arc<Self>) {
        let mut locked = lock(&self.locked);
        match mem::replace(&mut locked.state, State::Cancelled) {
            State::Ready(body) | State::Doomed(body) => locked.state = State::Doomed(body),
            State::Suspended(body, timer) => {
                locked.state = State::Doomed(body);
                drop(locked);
                self.push(timer);
            }
            State::Running | State::Woken | State::Cancelled => {}
            State::Ended => locked.state = State::Ended,
        }
    }

    /// Disarms the deadline and queues the task.
    fn push(self: Arc<Self>, timer: Option<ArmedDeadline>) {
        if let Some(timer) = timer {
            self.runtime.deadlines.disarm(timer);
        }
        self.runtime.ready.push(self);
    }
}

impl<T: Task + Send> Wake for MovableTask<T>
where
    T::Output: Send,
{
    fn wake(self: Arc<Self>) {
        let mut locked = lock(&self.locked);
        match mem::replace(&mut locked.state, State::Woken) {
            State::Suspended(body, timer) => {
                locked.state = State::Ready(body);
                drop(locked);
                self.push(timer);
            }
            State::Running => {}
            other => locked.state = other,
        }
    }
}

/// When the last waker is gone, nothing can wake the task any more. Its body is dropped on a
/// worker, as if the task had been cancelled.
impl<T: Task + Send + 'static> Drop for MovableTask<T>
where
    T::Output: Send,
{
    fn drop(&mut self) {
        let locked = self.locked.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Suspended(body, _) = mem::replace(&mut locked.state, State::Ended) {
            let doomed = Locked { state: State::Doomed(body), promise: locked.promise.take() };
            let Self { runtime, label, .. } = self;
            let task = Self { runtime, label: label.clone(), locked: Mutex::new(doomed) };
            runtime.ready.push(Arc::new(task));
        }
    }
}
