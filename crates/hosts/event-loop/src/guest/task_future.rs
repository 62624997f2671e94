//! [`Guest`]: a task as a future for another executor, with a loop of its own inside.

use std::{
    fmt,
    future::Future,
    panic::{self, Location},
    pin::Pin,
    task::{self, Poll, ready},
};

use quadrivium_core::{JoinError, JoinHandle, Task};

use super::{executor::Executor, guest_loop::GuestLoop};
use crate::error::RunError;

/// A task of any style as a future for another executor.
///
/// The future has a loop of its own inside. The tasks that the task spawns, and its timers and
/// sockets, belong to that loop and end with the future. The output of the future is the output of
/// the task.
///
/// # Panics
///
/// Panics
///
/// * with the task's own payload, when the task panics;
/// * when the task can never be done (a [deadlock](crate::Deadlock));
/// * when it is polled inside a task of another loop of ours: use `perform` there;
/// * when more than 65,536 loops would exist at once.
#[must_use = "futures are lazy: await it"]
pub struct Guest<T: Task, E> {
    state: State<T, E>,
    made_at: &'static Location<'static>,
}

enum State<T: Task, E> {
    Lazy(T, E),
    Running(GuestLoop<E>, JoinHandle<T::Output>),
    Done,
}

impl<T: Task, E: Executor> Guest<T, E> {
    /// Makes a future for that executor out of this task.
    #[track_caller]
    pub fn new(task: T, executor: E) -> Self {
        Self { state: State::Lazy(task, executor), made_at: Location::caller() }
    }
}

impl<T, E> Guest<T, E>
where
    T: Task + 'static,
    T::Output: 'static,
    E: Executor,
{
    fn drive(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<T::Output, RunError>> {
        if let State::Lazy(..) = self.state {
            let State::Lazy(task, executor) = self.end() else {
                unreachable!("the state was matched above")
            };
            let guest_loop = GuestLoop::new(executor).unwrap_or_else(|error| panic!("{error}"));
            let handle = guest_loop.spawn_at(task, None, self.made_at);
            self.state = State::Running(guest_loop, handle);
        }
        let State::Running(guest_loop, handle) = &mut self.state else {
            panic!(
                "a Guest was polled after it was done: do not poll a future that has returned Ready"
            )
        };
        ready!(guest_loop.poll(cx, || handle.is_finished()))?;
        let State::Running(guest_loop, mut handle) = self.end() else {
            unreachable!("the state was matched above")
        };
        // The tasks that are left end with the loop here, before the output is used.
        Poll::Ready(guest_loop.inner.take_output(&mut handle))
    }

    fn end(&mut self) -> State<T, E> {
        std::mem::replace(&mut self.state, State::Done)
    }
}

impl<T, E> Future for Guest<T, E>
where
    T: Task + 'static,
    T::Output: 'static,
    E: Executor,
{
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<T::Output> {
        match ready!(self.drive(cx)) {
            Ok(output) => Poll::Ready(output),
            Err(RunError::Task(JoinError::Panicked(payload))) => {
                panic::resume_unwind(payload.into_inner())
            }
            Err(error) => panic!("{error}"),
        }
    }
}

// Nothing in it is pinned: the task moves to the loop before it starts.
impl<T: Task, E> Unpin for Guest<T, E> {}

impl<T: Task, E> fmt::Debug for Guest<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.state {
            State::Lazy(..) => "Guest(lazy)",
            State::Running(..) => "Guest(running)",
            State::Done => "Guest(done)",
        })
    }
}
