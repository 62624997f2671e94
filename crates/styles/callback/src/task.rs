//! [`CallbackTask`]: a chain of callbacks as a task.

use std::{fmt, pin::Pin};

use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task};

use crate::{
    Callback,
    handle::Stage,
    threads::{OneThread, Threads},
};

/// A task whose body is a chain of callbacks. Runs nothing until it is first resumed.
///
/// # Panics
///
/// The task panics when a callback returns without having called `perform` or `done`, or having
/// called two of them.
pub fn callback<F, T>(body: F) -> CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    CallbackTask::new(body)
}

/// Hands a [`callback`] task to the host that drives this thread.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce(&mut Callback<T>) + 'static,
    T: 'static,
{
    quadrivium_core::spawn(callback(body))
}

/// A task whose body is a chain of callbacks. Made by [`callback`].
#[must_use = "a task is lazy: spawn or perform it"]
pub struct CallbackTask<F, T, K: Threads = OneThread> {
    body: Option<F>,
    callback: Callback<T, K>,
}

impl<F, T, K: Threads> CallbackTask<F, T, K> {
    pub(crate) fn new(body: F) -> Self {
        Self { body: Some(body), callback: Callback::new() }
    }
}

// The body is moved out, never pinned.
impl<F, T, K: Threads> Unpin for CallbackTask<F, T, K> {}

impl<F, T, K> Task for CallbackTask<F, T, K>
where
    F: FnOnce(&mut Callback<T, K>),
    K: Threads,
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        let this = &mut *self;
        if let Some(body) = this.body.take() {
            body(&mut this.callback);
            this.callback.check();
        }
        loop {
            if let Some(output) = this.callback.output.take() {
                return Step::Done(output);
            }
            let mut stage = this.callback.stage.take().expect(RESUMED_AFTER_DONE);
            match stage.as_mut().resume(cx, &mut this.callback) {
                Some(wait) => {
                    this.callback.stage = Some(stage);
                    return Step::Suspended(wait);
                }
                None => {
                    this.callback.check();
                    this.callback.spare = Some(stage);
                }
            }
        }
    }
}

impl<F, T, K: Threads> fmt::Debug for CallbackTask<F, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").finish_non_exhaustive()
    }
}

/// A callback task as it stands between two callbacks: the sub-task that runs, and what to call
/// then.
pub(crate) type BoxStage<T, K> = Pin<Box<<K as Threads>::Stage<T>>>;
