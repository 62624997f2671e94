//! [`GuestLoop`]: a loop inside somebody else's executor.
//!
//! ```text
//!   the executor                         guest                             its loop
//!   poll ───────────────────────────────► 1. turn, while tasks are ready ─► resume ...
//!   timer  ◄── 2. the next deadline ──────┤
//!   reactor ◄─ 3. the sources' descriptor ┤
//!   waker  ◄── 4. kept, to ask for a poll ┘ ◄─ any thread: a wake calls it
//! ```
//!
//! The sources of a loop are behind one descriptor of its own, which the executor's reactor watches
//! as it would a socket. So whatever runs on a loop runs inside any executor that has timers and
//! can wait for a descriptor, and the loop inside is the very same.

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

/// Turns in one poll. Then the executor's own tasks have their turn.
const TURNS: usize = 16;

/// A loop that sleeps in another executor: on its clock, by its timers and its reactor.
///
/// What waits is `await`ed, so no thread blocks; in between, its tasks stay where they are. It
/// gives access to the [`EventLoop`] inside for what does not wait: `spawn`, `spawner`, `stopper`,
/// `live`, `now` and whatever else needs no `&mut`. It stays with the runtime it was first awaited
/// in, whose timer and reactor it uses. For a single task there is [`Guest`](crate::Guest).
pub struct GuestLoop<E> {
    event_loop: EventLoop,
    waker: Arc<ExecutorWaker>,
    executor: E,
    /// The executor watches the descriptor of the sources.
    is_watched: bool,
}

impl<E: Executor> GuestLoop<E> {
    /// A loop in that executor, without tasks.
    ///
    /// # Errors
    ///
    /// When there are as many loops as can exist.
    pub fn new(executor: E) -> io::Result<Self> {
        let waker = Arc::new(ExecutorWaker::new());
        let event_loop = EventLoop::of_a_guest(E::now, Unparker::Executor(Arc::clone(&waker)))?;
        Ok(Self { event_loop, waker, executor, is_watched: false })
    }

    /// Runs the loop until `task` is done: what [`EventLoop::block_on`] is where nothing may block.
    /// Other tasks stay where they are, for the next run.
    ///
    /// Lazy, as futures are: the task is spawned when it is polled, and cancelled when it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// As [`EventLoop::block_on`]: [`RunError::Nested`] is for a poll inside a task of another
    /// loop of ours, where the style's `perform` is what to use.
    ///
    /// # Panics
    ///
    /// When the executor's reactor refuses the loop's descriptor.
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

    /// The same for a task that comes from elsewhere: messages say that it was spawned there.
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
        self.event_loop.inner.output(&mut spawned.0)
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

    /// Turns until it is done, no task is left, all wait, or others should have their turn.
    pub(crate) fn poll(
        &mut self,
        cx: &mut task::Context<'_>,
        is_done: impl Fn() -> bool,
    ) -> Poll<Result<(), RunError>> {
        let inner = &Rc::clone(&self.event_loop.inner);
        self.waker.replace(cx.waker());
        inner.mailbox.unparked();
        for _ in 0..TURNS {
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
                    Some(deadlock) => return Poll::Ready(Err(RunError::Deadlock(deadlock))),
                    None => None,
                },
            };
            let is_due = deadline.is_some_and(|it| self.executor.poll_deadline(it, cx).is_ready());
            let is_ready = inner.reactor.sources.has_any() && self.sources_are_ready(cx);
            if is_ready {
                // Now: a turn that finds tasks ready would put it off, and the executor's reactor
                // has told of this edge for the last time.
                let _active = ActiveLoop::enter(inner)?;
                inner.react(Some(Duration::ZERO));
            }
            if !is_due && !is_ready && inner.mailbox.park() {
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

/// Cancels the task when nobody performs it any more. Harmless when the task has ended.
struct CancelOnDrop<T>(JoinHandle<T>);

impl<T> Drop for CancelOnDrop<T> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Shared access only: what blocks the thread takes `&mut`.
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
