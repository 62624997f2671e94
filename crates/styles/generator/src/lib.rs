//! Tasks written as generators, on `genawaiter`.
//!
//! The body is handed a [`Co`]; [`co.perform(task).await`](Co::perform) yields to the loop every
//! wait of the sub-task, one after another, and is worth its output. The `async` block is only how
//! genawaiter writes a generator in stable Rust: no future is polled by anyone else, and none but
//! `perform` may be awaited in it.
//!
//! ```
//! use quadrivium_generator::generator;
//! # use quadrivium_core::{Context, Step, Task, turn};
//! # use std::{pin::pin, task::Waker};
//!
//! let task = generator(|mut co| async move {
//!     co.perform(turn()).await;
//!     "resumed"
//! });
//! # let mut task = pin!(task);
//! # let mut cx = Context::new(Waker::noop());
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Suspended(_)));
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Done("resumed")));
//! ```
//!
//! A generator may also yield items: [`stream`] is worth one for each `next`, and may wait in
//! between; [`iter`] is an iterator.
//!
//! It is not `Send`; a task of [`send`] is:
//!
//! ```compile_fail,E0277
//! fn sends<T: Send>(_: T) {}
//! sends(quadrivium_generator::generator(|_| async {}));
//! ```

#![forbid(unsafe_code)]

// In reading order.
mod handle;
mod machine;
mod task;
pub mod send;
mod stream;

pub use handle::{Co, Performing, YieldItem};
pub use stream::{Iter, Next, Stream, iter, stream};
pub use task::{GeneratorTask, generator, spawn};
