//! Callback tasks that are `Send`: they may start on one thread and continue on another.
//!
//! The names are the same as in the plain style. So a program becomes `Send` when its `use` lines
//! change. All values that it captures must be `Send`, and so must all tasks that it performs:
//!
//! ```
//! use quadrivium::{callback::send::{Callback, callback}, prelude::*};
//! use std::thread;
//!
//! fn countdown(cb: &mut Callback<&'static str>, n: u32) {
//!     match n {
//!         0 => cb.done("lift-off"),
//!         _ => cb.perform(turn(), move |cb, ()| countdown(cb, n - 1)),
//!     }
//! }
//!
//! let task = callback(|cb| countdown(cb, 3));
//! let other_thread = thread::spawn(|| EventLoop::new().unwrap().block_on(task).unwrap());
//! assert_eq!(other_thread.join().unwrap(), "lift-off");
//! ```
//!
//! The code below is the text of `handle.rs` and `task.rs`, except that the box of a stage is
//! `Send`.
//!
//! The compiler reports a value that is not `Send`, such as an `Rc`, which stays on its thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{callback::send::callback, prelude::*};
//! use std::rc::Rc;
//!
//! let shared = Rc::new(42);
//! let task = callback(|cb| cb.perform(turn(), move |cb, ()| cb.done(*shared)));
//! ```
//!
//! It also reports a performed task that is not `Send`, such as a green thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{callback::send::callback, prelude::*};
//!
//! let task = callback(|cb| cb.perform(green(|| 42), |cb, n| cb.done(n)));
//! ```

use std::{fmt, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task};

use crate::{
    handle::{CALLED_NEITHER, CALLED_TWICE},
    stage::{Stage, TaskThen},
};

/// A task whose body is a chain of callbacks, like [`callback`](crate::callback()). The task is
/// `Send` when `body` and the output are.
///
/// # Panics
///
/// The task panics if a callback calls neither `perform` nor `done`, or makes more than one such
/// call.
pub fn callback<F, T>(body: F) -> CallbackTask<F, T>
where
    F: FnOnce(&mut Callback<T>),
{
    let handle = Callback { stage: None, spare: None, output: None };
    CallbackTask { body: Some(body), handle }
}

/// The handle to the running callback task. Every callback of the task receives it.
pub struct Callback<T> {
    stage: Option<BoxSendStage<T>>,
    spare: Option<BoxSendStage<T>>,
    output: Option<T>,
}

/// The difference from the plain style. The box hides the type of the stage, so only the type of
/// the box can state that the stage is `Send`.
type BoxSendStage<T> = Pin<Box<dyn Stage<Callback<T>> + Send>>;

impl<T> Callback<T> {
    /// Runs a task of any style to its end, and then calls `then` with its output. Suspends
    /// whenever that task suspends. Both move to another thread together with the callback task.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + Send + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + Send + 'static,
    {
        self.check_not_called();
        let mut parts = Some((task, then));
        let mut stage = self.spare.take();
        if !stage.as_mut().is_some_and(|spare| spare.as_mut().refill(&mut parts)) {
            stage = parts.map(|parts| Box::pin(TaskThen::new(parts)) as BoxSendStage<T>);
        }
        self.stage = stage;
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        self.check_not_called();
        self.output = Some(output);
    }

    fn check_not_called(&self) {
        assert!(self.stage.is_none() && self.output.is_none(), "{CALLED_TWICE}");
    }

    fn check_called(&self) {
        assert!(self.stage.is_some() || self.output.is_some(), "{CALLED_NEITHER}");
    }
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

impl<T> fmt::Debug for Callback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for CallbackTask<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackTask").finish_non_exhaustive()
    }
}
