//! Callback tasks that are `Send`: they may begin on one thread and go on on another.
//!
//! They have the names of those that are not, so a program becomes `Send` by its `use` lines. What
//! it captures must be `Send` too, and what it performs:
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
//! let elsewhere = thread::spawn(|| EventLoop::new().unwrap().block_on(task).unwrap());
//! assert_eq!(elsewhere.join().unwrap(), "lift-off");
//! ```
//!
//! The compiler says where it is not. An `Rc` stays on its thread:
//!
//! ```compile_fail,E0277
//! use quadrivium::{callback::send::callback, prelude::*};
//! use std::rc::Rc;
//!
//! let shared = Rc::new(42);
//! let task = callback(|cb| cb.perform(turn(), move |cb, ()| cb.done(*shared)));
//! ```
//!
//! So does a task that is performed, and that holds one:
//!
//! ```compile_fail,E0277
//! use quadrivium::{callback::send::callback, prelude::*};
//!
//! let task = callback(|cb| cb.perform(green(|| 42), |cb, n| cb.done(n)));
//! ```

use quadrivium_core::Task;

use crate::AnyThread;

/// As [`callback`](crate::callback()). The task is `Send` when `body` and the output are.
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

/// The handle to the running callback task, as every callback of it gets it.
pub type Callback<T> = crate::Callback<T, AnyThread>;

/// A task whose body is a chain of callbacks. Made by [`callback`].
pub type CallbackTask<F, T> = crate::CallbackTask<F, T, AnyThread>;

impl<T> Callback<T> {
    /// Runs a task of any style to its end, suspending whenever it does, and then calls `then` with
    /// its output. Both go where the task goes.
    ///
    /// # Panics
    ///
    /// When this callback has called `perform` or `done` already.
    pub fn perform<P, F>(&mut self, task: P, then: F)
    where
        P: Task + Send + 'static,
        F: FnOnce(&mut Callback<T>, P::Output) + Send + 'static,
    {
        self.go_on_with(task, then, |stage| Box::pin(stage));
    }
}
