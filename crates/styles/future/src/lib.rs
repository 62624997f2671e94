//! Tasks written with `async` and `await`.
//!
//! The body is any `std` future. In it, a leaf can be awaited directly, and any other task through
//! [`perform`]. A future of another crate is awaited as in any executor: it gets a real waker.
//!
//! ```
//! use quadrivium_future::future;
//! # use quadrivium_core::{Context, Step, Task, turn};
//! # use std::{pin::pin, task::Waker};
//!
//! let task = future(async {
//!     turn().await;
//!     "resumed"
//! });
//! # let mut task = pin!(task);
//! # let mut cx = Context::new(Waker::noop());
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Suspended(_)));
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Done("resumed")));
//! ```
//!
//! A future task is `Send` when the values that are alive across each `await` are:
//!
//! ```
//! # use quadrivium_core::{sleep, turn};
//! # use std::time::Duration;
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(quadrivium_future::future(async {
//!     turn().await;
//!     sleep(Duration::from_secs(1)).await;
//! }));
//! ```

#![forbid(unsafe_code)]

// In reading order.
mod handle;
mod task;

pub use handle::perform;
pub use task::{FutureTask, future, spawn};
