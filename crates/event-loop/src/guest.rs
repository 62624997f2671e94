//! [`Guest`]: a loop inside somebody else's executor, as one future.
//!
//! ```text
//!   the executor                         guest                             its loop
//!   poll ───────────────────────────────► 1. turn, while tasks are ready ─► resume ...
//!   timer  ◄── 2. the next deadline ──────┤
//!   reactor ◄─ 3. the sources' descriptor ┤
//!   waker  ◄── 4. hung up as its bell ────┘ ◄─ any thread: a wake rings it
//! ```
//!
//! The sources of a loop are behind one descriptor of its own, which the executor's reactor watches as it
//! would a socket. So whatever runs on a loop runs inside any executor that has timers and can wait
//! for a descriptor, and the loop inside is the very same.

use std::{
    fmt,
    future::Future,
    io,
    os::fd::OwnedFd,
    panic::{self, Location},
    pin::Pin,
    sync::Arc,
    task::{self, Poll},
    time::{Duration, Instant},
};

use quadrivium_core::{JoinError, JoinHandle, Task};

use crate::{
    EventLoop, RunError, Turned,
    active::Active,
    reactor::{Bell, ExecutorBell},
};

/// Turns in one poll. Then the executor's own tasks have their turn.
const TURNS: usize = 16;

/// What a [`Guest`] asks of the executor around it: implemented once for each executor.
pub trait Executor: Unpin {
    /// The time on the executor's clock.
    fn now() -> Instant
    where
        Self: Sized;

    /// Ready once it is `deadline`; until then the task of `cx` is woken when it is. Only the
    /// deadline of the last call counts.
    fn poll_deadline(&mut self, deadline: Instant, cx: &mut task::Context<'_>) -> Poll<()>;

    /// Watches this descriptor from now on. Called once.
    ///
    /// # Errors
    ///
    /// When the executor cannot.
    fn watch(&mut self, fd: OwnedFd) -> io::Result<()>;

    /// Ready when the watched descriptor may have become readable since it was ready last; until
    /// then the task of `cx` is woken when it is.
    ///
    /// # Errors
    ///
    /// When the executor's reactor is gone.
    fn poll_readable(&mut self, cx: &mut task::Context<'_>) -> Poll<io::Result<()>>;
}

/// A task of any style as a future for another executor.
///
/// Inside is a loop of its own: what the task spawns, sleeps and waits for is that loop's, and ends
/// with the future. It is worth what the task is worth.
///
/// # Panics
///
/// When the task panics, with its payload; when the task can never be done (a
/// [deadlock](crate::Deadlock)); when it is polled inside a task of another loop of ours, where
/// `perform` is what to use; and when there are more than 65,536 loops at once.
#[must_use = "futures are lazy: await it"]
pub struct Guest<T: Task, E> {
    state: State<T>,
    executor: E,
    /// The executor watches the descriptor of the sources.
    is_watched: bool,
    made_at: &'static Location<'static>,
}

enum State<T: Task> {
    Lazy(T),
    Running(Running<T::Output>),
    Done,
}

struct Running<O> {
    event_loop: EventLoop,
    handle: JoinHandle<O>,
    bell: Arc<ExecutorBell>,
}

impl<T: Task, E: Executor> Guest<T, E> {
    /// This task as a future of that executor.
    #[track_caller]
    pub fn new(task: T, executor: E) -> Self {
        let made_at = Location::caller();
        Self { state: State::Lazy(task), executor, is_watched: false, made_at }
    }

    /// The same, which messages say was spawned at this line: for who makes it for somebody else.
    pub fn spawned_at(mut self, made_at: &'static Location<'static>) -> Self {
        self.made_at = made_at;
        self
    }
}

impl<T, E> Guest<T, E>
where
    T: Task + 'static,
    T::Output: 'static,
    E: Executor,
{
    fn start(&mut self) -> io::Result<()> {
        if let State::Lazy(_) = self.state {
            let bell = Arc::new(ExecutorBell::new());
            let event_loop = EventLoop::of_a_guest(E::now, Bell::Executor(Arc::clone(&bell)))?;
            let State::Lazy(task) = std::mem::replace(&mut self.state, State::Done) else {
                unreachable!("it has just been looked at")
            };
            let handle = event_loop.spawn_at(task, None, self.made_at);
            self.state = State::Running(Running { event_loop, handle, bell });
        }
        Ok(())
    }

    /// Turns until the task is done, nothing is ready, or others should have their turn.
    fn drive(&mut self, cx: &mut task::Context<'_>) -> Result<Poll<()>, RunError> {
        let Self { state: State::Running(running), executor, is_watched, .. } = self else {
            panic!("a guest was polled after it was done")
        };
        let shared = &running.event_loop.shared;
        running.bell.hang(cx.waker());
        shared.mailbox.unparked();
        for _ in 0..TURNS {
            let active = Active::enter(shared)?;
            shared.turn();
            drop(active);
            if running.handle.is_finished() {
                return Ok(Poll::Ready(()));
            }
            let deadline = match shared.turned() {
                Turned::Ready => continue,
                Turned::Until(deadline) => Some(deadline),
                Turned::Waiting | Turned::Empty => match shared.deadlock() {
                    Some(deadlock) => return Err(RunError::Deadlock(deadlock)),
                    None => None,
                },
            };
            let is_due = deadline.is_some_and(|it| executor.poll_deadline(it, cx).is_ready());
            let is_ready = shared.reactor.sources.has_any()
                && sources_are_ready(&running.event_loop, executor, is_watched, cx);
            if is_ready {
                // Now: a turn that finds tasks ready would put it off, and the executor's reactor
                // has told of this edge for the last time.
                let _active = Active::enter(shared)?;
                shared.react(Some(Duration::ZERO));
            }
            if !is_due && !is_ready && shared.mailbox.park() {
                return Ok(Poll::Pending);
            }
        }
        cx.waker().wake_by_ref();
        Ok(Poll::Pending)
    }
}

fn sources_are_ready(
    event_loop: &EventLoop,
    executor: &mut impl Executor,
    is_watched: &mut bool,
    cx: &mut task::Context<'_>,
) -> bool {
    let mut poll = || {
        if !std::mem::replace(is_watched, true) {
            executor.watch(event_loop.shared.reactor.descriptor()?)?;
        }
        Ok(executor.poll_readable(cx)?.is_ready() || event_loop.shared.reactor.has_more())
    };
    poll()
        .unwrap_or_else(|error: io::Error| panic!("the executor cannot wait for sockets: {error}"))
}

impl<T, E> Future for Guest<T, E>
where
    T: Task + 'static,
    T::Output: 'static,
    E: Executor,
{
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T::Output> {
        let this = &mut *self;
        if let Err(error) = this.start() {
            panic!("{error}");
        }
        match this.drive(cx) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
            Err(error) => panic!("{error}"),
        }
        let State::Running(running) = std::mem::replace(&mut this.state, State::Done) else {
            unreachable!("it has just been driven")
        };
        let output = running.event_loop.shared.output(running.handle);
        // What the task has left behind ends before its output is used.
        drop(running.event_loop);
        match output {
            Ok(output) => Poll::Ready(output),
            Err(RunError::Task(JoinError::Panicked(payload))) => panic::resume_unwind(payload),
            Err(error) => panic!("{error}"),
        }
    }
}

// Nothing in it is ever pinned: the task moves to the loop before it starts.
impl<T: Task, E> Unpin for Guest<T, E> {}

impl<T: Task, E> fmt::Debug for Guest<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(_) => "Guest(lazy)",
            State::Running(_) => "Guest(running)",
            State::Done => "Guest(done)",
        })
    }
}
