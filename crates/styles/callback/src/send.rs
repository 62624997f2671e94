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
//! The code below is the text of `handle.rs` and `task.rs`, except that the box of the stages is
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

use std::{fmt, mem, pin::Pin};

use quadrivium_core::{Context, RESUMED_AFTER_DONE, Step, Task, inspect::Style};

use crate::{
    handle::{CALLED_NEITHER, CALLED_TWICE, NextMove},
    stage::{self, OwnsStages, SendStageBox, StageBox},
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
    CallbackTask { state: State::Fresh(body) }
}

/// The handle to the running callback task. Every callback of the task receives it.
pub struct Callback<T> {
    next: NextMove<SendStageBox<Self>, T>,
}

impl<T> Callback<T> {
    fn new() -> Self {
        Self { next: NextMove::Stage(SendStageBox::new()) }
    }

    /// Runs a task of any style to its end, and then calls `then` with its output. Suspends
    /// whenever that task suspends. Both move to another thread together with the callback task.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    #[track_caller]
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + Send + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + Send + 'static,
    {
        self.empty_box().put(task, then);
    }

    /// Ends the task with this output.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn done(&mut self, output: T) {
        self.empty_box();
        self.next = NextMove::Done(Some(output));
    }

    fn empty_box(&mut self) -> &mut SendStageBox<Self> {
        match &mut self.next {
            NextMove::Stage(stages) if !stages.is_full() => stages,
            NextMove::Stage(_) | NextMove::Done(_) => panic!("{CALLED_TWICE}"),
        }
    }

    /// Panics if a callback has returned without calling `perform` or `done`.
    fn check_called(&self) {
        if let NextMove::Stage(stages) = &self.next {
            assert!(stages.is_full(), "{CALLED_NEITHER}");
        }
    }
}

impl<T> OwnsStages for Callback<T> {
    fn stages(&mut self) -> &mut StageBox<Self> {
        match &mut self.next {
            NextMove::Stage(stages) => stages.stages(),
            NextMove::Done(_) => unreachable!("a task that is done has no stage"),
        }
    }
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
