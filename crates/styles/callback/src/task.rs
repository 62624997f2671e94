//! [`CallbackTask`]: a chain of callbacks as a task.

use std::{fmt, pin::Pin};

use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task};

use crate::handle::Callback;

/// A task whose body is a chain of callbacks. Runs nothing until it is first resumed.
///
/// # Panics
///
/// The task panics when a callback returns without a call of `perform` or `done`, and when a
/// callback calls a second one.
pub fn callback<F, T>(body: F) -> CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    CallbackTask { body: Some(body), callback: Callback::new() }
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
pub struct CallbackTask<F, T> {
    body: Option<F>,
    callback: Callback<T>,
}

// The body is moved out, never pinned.
impl<F, T> Unpin for CallbackTask<F, T> {}

impl<F, T> Task for CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        let this = &mut *self;
        if let Some(body) = this.body.take() {
            body(&mut this.callback);
            this.callback.check_used();
        }
        loop {
            if let Some(output) = this.callback.output.take() {
                return Step::Done(output);
            }
            let mut stage = this.callback.stage.take().expect(RESUMED_AFTER_DONE);
            if let Some(wait) = stage.as_mut().resume(cx, &mut this.callback) {
                this.callback.stage = Some(stage);
                return Step::Suspended(wait);
            }
            this.callback.check_used();
            this.callback.spare = Some(stage);
        }
    }
}

impl<F, T> fmt::Debug for CallbackTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").finish_non_exhaustive()
    }
}
