//! Tasks written as generators, on `genawaiter`.
//!
//! The body is a closure that receives a [`Co`], the handle to the running generator, and returns
//! an `async` block. In it, [`co.perform(task).await`](Co::perform) runs another task to its end,
//! yields each wait of that task to the loop, and returns its output. The `async` block is only the
//! way in which genawaiter writes a generator in stable Rust. No executor polls it, and only
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
//! A generator may also yield items. [`stream`] makes a stream of items, which may wait between two
//! items. [`iter`] makes an iterator, which may not.
//!
//! A generator task is not `Send`. The module [`send`] has generator tasks that are.
//!
//! ```compile_fail,E0277
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(quadrivium_generator::generator(|_| async {}));
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
