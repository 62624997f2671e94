//! [`CallbackTask`]: a chain of callbacks as a task.

use std::{fmt, mem, pin::Pin};

use quadrivium_core::{Context, JoinHandle, RESUMED_AFTER_DONE, Step, Task, inspect::Style};

use crate::{
    handle::{Callback, NextMove},
    stage,
};

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
    CallbackTask { state: State::Fresh(body) }
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
    state: State<F, T>,
}

enum State<F, T> {
    /// Not resumed yet.
    Fresh(F),
    Started(Callback<T>),
}

// The body is moved out, and a stage is in an allocation. So nothing is pinned here.
impl<F, T> Unpin for CallbackTask<F, T> {}

impl<F, T> Task for CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    type Output = T;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T> {
        let handle = match &mut self.state {
            State::Started(handle) => handle,
            State::Fresh(_) => self.start(),
        };
        loop {
            match &mut handle.next {
                NextMove::Stage(_) => {
                    if let Some(wait) = stage::resume(handle, cx) {
                        return Step::Suspended(wait);
                    }
                    handle.check_called();
                }
                NextMove::Done(output) => {
                    return Step::Done(output.take().expect(RESUMED_AFTER_DONE));
                }
            }
        }
    }

    fn style(&self) -> Style {
        Style::Callback
    }
}

impl<F, T> CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    /// Calls the body.
    #[cold]
    fn start(&mut self) -> &mut Callback<T> {
        let fresh = mem::replace(&mut self.state, State::Started(Callback::new()));
        let State::Started(handle) = &mut self.state else { unreachable!() };
        if let State::Fresh(body) = fresh {
            body(handle);
            handle.check_called();
        }
        handle
    }
}

impl<F, T> fmt::Debug for CallbackTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").finish_non_exhaustive()
    }
}
