//! Tasks written as green threads: plain functions on stacks of their own, on `corosensei`.
//!
//! The body is a closure. [`perform`], at any depth below it, runs a task to its end and returns
//! its output; when the task suspends, the whole green thread does, and the calls on its stack wait
//! with it. A green thread never leaves its OS thread, so it may keep a borrow of a thread-local
//! across a suspension, until that thread ends.
//!
//! ```
//! use quadrivium_green::{green, perform};
//! # use quadrivium_core::{Context, Step, Task, turn};
//! # use std::{pin::pin, task::Waker};
//!
//! let task = green(|| {
//!     perform(turn());
//!     "resumed"
//! });
//! # let mut task = pin!(task);
//! # let mut cx = Context::new(Waker::noop());
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Suspended(_)));
//! # assert!(matches!(task.as_mut().resume(&mut cx), Step::Done("resumed")));
//! ```
//!
//! Dropping a suspended green thread unwinds its stack. In a program that is built with
//! `panic = "abort"` that is impossible: the stack is leaked, and one message says so.
//!
//! A stack may live longer than its OS thread: a loop is dropped by a thread-local as the thread
//! ends, or a suspended green thread is forgotten. In the first case the stack is leaked, as
//! thread-locals that it has borrowed may be gone. In the second case nothing can be done: do not
//! forget a green thread that is suspended while another thread uses its borrow of a thread-local,
//! as in `std::thread::scope`.
//!
//! It is not `Send`:
//!
//! ```compile_fail,E0277
//! fn sends<T: Send>(_: T) {}
//! sends(quadrivium_green::green(|| ()));
//! ```

// `unsafe` stands in `stack` and in `handle`.
#![deny(unsafe_code)]

// In reading order.
#[allow(unsafe_code)]
mod handle;
mod task;
#[allow(unsafe_code)]
mod stack;
#[cfg(test)]
mod tests;

pub use handle::perform;
pub use stack::{
    DEFAULT_STACK_SIZE, LARGEST_STACK, SMALLEST_STACK, StackError, StackStats, stack_size, stats,
    use_stack_size,
};
pub use task::{Builder, GreenTask, green, spawn};
