//! Tasks written as callbacks.
//!
//! The body is a function that is handed a [`Callback`]: with [`perform`](Callback::perform) it
//! says what to run next and what to call with the output, with [`done`](Callback::done) that it
//! has come to its end. Between two functions nothing is on the stack: what the next one needs, it
//! captures.
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
//! Plain functions can be called later too: [`call_soon`], [`call_later`] and their like.
//!
//! It is not `Send`; a task of [`send`] is:
//!
//! ```compile_fail,E0277
//! fn sends<T: Send>(_: T) {}
//! sends(quadrivium_callback::callback(|cb| cb.done(())));
//! ```

#![forbid(unsafe_code)]

// In reading order.
mod handle;
mod stage;
mod task;
pub mod send;
mod calls;

pub use calls::{Call, call_at, call_every, call_later, call_soon};
pub use handle::Callback;
pub use task::{CallbackTask, callback, spawn};
