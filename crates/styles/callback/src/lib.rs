//! Tasks written as callbacks.
//!
//! The body is a function that receives a [`Callback`], the handle to the running task. The handle
//! has two methods. [`perform`](Callback::perform) runs another task to its end, and then calls a
//! function with the output. [`done`](Callback::done) ends the callback task. Between two functions
//! nothing of the task is on the stack. Each function captures the values that it needs.
//!
//! ```
//! use quadrivium_callback::callback;
//! # use quadrivium_core::{Context, Step, Task, turn};
//! # use std::{pin::pin, task::Waker};
//!
//! let task = callback(|cb| {
//!     cb.perform(turn(), |cb, ()| {
//!         cb.done("resumed");
//!     });
//! });
//! # let mut task = pin!(task);
//! # let mut cx = Context::new(Waker::noop());
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Suspended(_)));
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Done("resumed")));
//! ```
//!
//! Plain functions can be called later, too: see [`call_soon`], [`call_later`], [`call_at`] and
//! [`call_every`].
//!
//! A callback task is not `Send`. The module [`send`] has callback tasks that are.
//!
//! ```compile_fail,E0277
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(quadrivium_callback::callback(|cb| cb.done(())));
//! ```

#![deny(unsafe_code)]

// In reading order.
mod handle;
mod stage;
mod place;
mod task;
pub mod send;
mod calls;

pub use calls::{Call, call_at, call_every, call_later, call_soon};
pub use handle::Callback;
pub use task::{CallbackTask, callback, spawn};
