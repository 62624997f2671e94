//! [`CallbackTask`]: a chain of callbacks as a task.

use std::{fmt, pin::Pin};

use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task};

use crate::handle::Callback;

/// A task whose body is a chain of callbacks. Runs nothing until it is first resumed.
///
/// # Panics
///
/// The task panics if a callback calls neither `perform` nor `done`, or makes more than one such
/// call.
pub fn callback<F, T>(body: F) -> CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    CallbackTask { body: Some(body), handle: Callback::new() }
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
    handle: Callback<T>,
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
            body(&mut this.handle);
            this.handle.check_called();
        }
        loop {
            if let Some(output) = this.handle.output.take() {
                return Step::Done(output);
            }
            let mut stage = this.handle.stage.take().expect(RESUMED_AFTER_DONE);
            if let Some(wait) = stage.as_mut().resume(cx, &mut this.handle) {
                this.handle.stage = Some(stage);
                return Step::Suspended(wait);
            }
            this.handle.check_called();
            // A later `perform` reuses its box.
            this.handle.spare = Some(stage);
        }
    }
}

impl<F, T> fmt::Debug for CallbackTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").finish_non_exhaustive()
    }
}
