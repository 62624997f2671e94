//! [`spawn`]: a `Send` task on may's workers.

mod task;
mod host;

use std::{
    panic::Location,
    sync::atomic::{AtomicU64, Ordering},
};

use quadrivium_core::{
    InheritedValues, Task,
    host::{Label, TaskId},
    remote_task::RemoteHandle,
};

use crate::{movable::task::MovableTask, runtime};

/// Hands a task to may's workers. Each resume may be on another worker, so the task must be `Send`.
/// Callbacks and generators of the `send` modules are `Send`, and so are futures that own nothing
/// else.
///
/// Unlike spawning a coroutine of may, this is safe. No part of a task is ever on a stack of may's,
/// so may cannot suspend it. In a task, functions of may that wait (its channels, its sleep) block
/// the worker, as they block any OS thread. Use leaves or futures instead.
///
/// ```
/// use quadrivium::{event_loop::EventLoop, may, prelude::*};
/// use std::time::Duration;
///
/// let answer = may::spawn(future(async {
///     sleep(Duration::from_millis(1)).await;
///     42
/// }));
/// assert_eq!(may::block_on(answer)??, 42);
/// # Ok::<(), JoinError>(())
/// ```
///
/// # Panics
///
/// Panics when the operating system refuses the threads or the descriptors that the first task
/// needs. [`Config::start`] returns that as an error.
///
/// [`Config::start`]: crate::Config::start
#[track_caller]
pub fn spawn<T>(task: T) -> RemoteHandle<T::Output>
where
    T: Task + Send + 'static,
    T::Output: Send + 'static,
{
    spawn_at(task, None, Location::caller())
}

/// Like [`spawn`], with a name, which messages show.
///
/// # Panics
///
/// As [`spawn`].
#[track_caller]
pub fn spawn_named<T>(name: &str, task: T) -> RemoteHandle<T::Output>
where
    T: Task + Send + 'static,
    T::Output: Send + 'static,
{
    spawn_at(task, Some(name), Location::caller())
}

fn spawn_at<T>(
    task: T,
    name: Option<&str>,
    spawned_at: &'static Location<'static>,
) -> RemoteHandle<T::Output>
where
    T: Task + Send + 'static,
    T::Output: Send + 'static,
{
    static SPAWNED: AtomicU64 = AtomicU64::new(0);
    let runtime = runtime::expect();
    let id = TaskId(SPAWNED.fetch_add(1, Ordering::Relaxed) + 1);
    let label = Label { id, name: name.map(Into::into), spawned_at };
    let (promise, handle) = RemoteHandle::new();
    match InheritedValues::current() {
        Some(values) => MovableTask::start(runtime, label, values.provide(task), promise),
        None => MovableTask::start(runtime, label, task, promise),
    }
    handle
}
