//! [`GuestLoop`]: a loop inside another executor, such as tokio.
//!
//! ```text
//!   the executor                         guest                             its loop
//!   poll ───────────────────────────────► 1. turn, while tasks are ready ─► resume ...
//!   timer  ◄── 2. the next deadline ──────┤
//!   reactor ◄─ 3. the sources' descriptor ┤
//!   waker  ◄── 4. kept, to ask for a poll ┘ ◄─ any thread: a wake calls it
//! ```
//!
//! The sources of a loop are behind one descriptor, which the executor's reactor watches like a
//! socket. So a loop runs inside any executor that has timers and can wait for a descriptor. The
//! loop inside is the same code as elsewhere.

use std::{
    fmt,
    future::{Future, poll_fn},
    io, mem,
    ops::Deref,
    panic::Location,
    rc::Rc,
    sync::Arc,
    task::{self, Poll},
    time::Duration,
};

use quadrivium_core::{JoinHandle, Task};

use super::executor::Executor;
use crate::{
    error::RunError,
    event_loop::EventLoop,
    trace::Trace,
    turn::Turned,
    wake::{
        active_loop::ActiveLoop,
        unparker::{ExecutorWaker, Unparker},
    },
};

/// The number of turns in one poll. After them the executor's own tasks run.
const TURNS_PER_POLL: usize = 16;

/// A loop inside another executor, whose clock, timers and reactor it uses.
///
/// The methods that wait are `async`, so no thread blocks. Between two of these calls the tasks
/// stay where they are. All methods of the [`EventLoop`] inside that need no `&mut` are available
/// as well, such as `spawn`, `spawner`, `stopper`, `live` and `now`.
///
/// The loop stays with the runtime in which it was first awaited, because it uses the timer and the
/// reactor of that runtime. For a single task there is [`Guest`](crate::Guest).
pub struct GuestLoop<E> {
    event_loop: EventLoop,
    waker: Arc<ExecutorWaker>,
    executor: E,
    /// The executor watches the descriptor of the sources.
    is_watched: bool,
}

impl<E: Executor> GuestLoop<E> {
    /// Makes a loop in that executor, without tasks.
    ///
    /// # Errors
    ///
    /// Fails when as many loops exist as are possible.
    pub fn new(executor: E) -> io::Result<Self> {
        let waker = Arc::new(ExecutorWaker::new());
        let event_loop = EventLoop::of_a_guest(E::now, Unparker::Executor(Arc::clone(&waker)))?;
        Ok(Self { event_loop, waker, executor, is_watched: false })
    }

    /// Runs the loop until `task` is done, and returns its output. It is [`EventLoop::block_on`]
    /// for code that may not block. Other tasks stay on the loop, for the next run.
    ///
    /// It is lazy, like every future. The task is spawned at the first poll, and cancelled when the
    /// future is dropped.
    ///
    /// # Errors
    ///
    /// The same as for [`EventLoop::block_on`]. It returns [`RunError::Nested`] when it is polled
    /// inside a task of another loop of ours. Use the `perform` of the style there.
    ///
    /// # Panics
    ///
    /// Panics when the executor's reactor refuses the loop's descriptor.
    #[track_caller]
    pub fn perform<T>(
        &mut self,
        task: T,
    ) -> impl Future<Output = Result<T::Output, RunError>> + use<'_, T, E>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.perform_at(task, Location::caller())
    }

    /// Like [`perform`](GuestLoop::perform), for a task that other code has handed over: messages
    /// show `spawned_at` as its source line.
    ///
    /// # Errors
    ///
    /// As [`perform`](GuestLoop::perform).
    ///
    /// # Panics
    ///
    /// As [`perform`](GuestLoop::perform).
    pub async fn perform_at<T>(
        &mut self,
        task: T,
        spawned_at: &'static Location<'static>,
    ) -> Result<T::Output, RunError>
    where
        T: Task + 'static,
        T::Output: 'static,
    {
        self.event_loop.inner.expect_its_process()?;
        let mut spawned = CancelOnDrop(self.spawn_at(task, None, spawned_at));
        poll_fn(|cx| self.poll(cx, || spawned.0.is_finished())).await?;
        self.event_loop.inner.take_output(&mut spawned.0)
    }

    /// Runs the loop until no task is left.
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run`].
    ///
    /// # Panics
    ///
    /// As [`perform`](GuestLoop::perform).
    pub async fn run(&mut self) -> Result<(), RunError> {
        self.event_loop.inner.expect_its_process()?;
        match poll_fn(|cx| self.poll(cx, || false)).await {
            Err(RunError::Stopped) => Ok(()),
            run => run,
        }
    }

    /// Runs one turn, as [`EventLoop::turn`].
    ///
    /// # Errors
    ///
    /// As [`EventLoop::turn`].
    pub fn turn(&mut self) -> Result<Turned, RunError> {
        self.event_loop.turn()
    }

    /// Shows everything that happens to tasks from now on to `trace`.
    pub fn trace(&mut self, trace: impl Trace + 'static) {
        self.event_loop.trace(trace);
    }

    /// Runs turns until `is_done` returns true, no task is left, every task waits, or the
    /// executor's other tasks should run.
    pub(crate) fn poll(
        &mut self,
        cx: &mut task::Context<'_>,
        is_done: impl Fn() -> bool,
    ) -> Poll<Result<(), RunError>> {
        let inner = &Rc::clone(&self.event_loop.inner);
        self.waker.replace(cx.waker());
        inner.mailbox.note_awake();
        for _ in 0..TURNS_PER_POLL {
            let active = ActiveLoop::enter(inner)?;
            inner.turn();
            drop(active);
            if is_done() {
                return Poll::Ready(Ok(()));
            }
            if inner.stopped.take() {
                return Poll::Ready(Err(RunError::Stopped));
            }
            let deadline = match inner.turned() {
                Turned::Ready => continue,
                Turned::Empty => return Poll::Ready(Ok(())),
                Turned::Until(deadline) => Some(deadline),
                Turned::Waiting => match inner.deadlock() {
                    // Another guest of the executor may run, and end the task that was joined.
                    Some(deadlock) if deadlock.joined_elsewhere.is_empty() => {
                        return Poll::Ready(Err(RunError::Deadlock(deadlock)));
                    }
                    Some(_) | None => None,
                },
            };
            // The search for cycles is part of a turn, but it ends no wait of the loop's tasks.
            let search = inner.next_search().and_then(|at| inner.clock.after_origin(at));
            let deadline = deadline.into_iter().chain(search).min();
            let is_due = deadline.is_some_and(|it| self.executor.poll_deadline(it, cx).is_ready());
            let is_ready = inner.reactor.sources.has_any() && self.sources_are_ready(cx);
            if is_ready {
                // Poll the sources at once. A turn that finds ready tasks would postpone it, and
                // the executor's reactor does not report this edge again.
                let _active = ActiveLoop::enter(inner)?;
                inner.react(Some(Duration::ZERO));
            }
            if !is_due && !is_ready && inner.flush_trace() {
                continue;
            }
            if !is_due && !is_ready && inner.mailbox.prepare_to_park() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn sources_are_ready(&mut self, cx: &mut task::Context<'_>) -> bool {
        let reactor = &self.event_loop.inner.reactor;
        let mut poll = || {
            if !mem::replace(&mut self.is_watched, true) {
                self.executor.watch(reactor.descriptor()?)?;
            }
            Ok(self.executor.poll_readable(cx)?.is_ready() || reactor.has_more())
        };
        poll().unwrap_or_else(|error: io::Error| {
            panic!("the executor cannot wait for sockets: {error}")
        })
    }
}

/// Cancels the task when the future that performs it is dropped. Does nothing if the task has
/// ended.
struct CancelOnDrop<T>(JoinHandle<T>);

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// There is only shared access, because the methods that block the thread take `&mut`.
impl<E> Deref for GuestLoop<E> {
    type Target = EventLoop;

    fn deref(&self) -> &EventLoop {
        &self.event_loop
    }
}

impl<E> fmt::Debug for GuestLoop<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestLoop").field("live", &self.live()).finish_non_exhaustive()
    }
}
