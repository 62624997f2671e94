//! Tasks written as green threads: plain functions on stacks of their own, on `corosensei`.
//!
//! The body is a closure. At any depth below it, [`perform`] runs another task to its end and
//! returns its output. When that task suspends, the whole green thread suspends, with all calls on
//! its stack. A green thread never leaves its OS thread. So it may keep a borrow of a thread-local
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
//! `panic = "abort"` this is impossible. There the stack is leaked, and one message reports it.
//!
//! A stack may live longer than its OS thread, in two cases:
//!
//! * A loop is kept in a thread-local, and dropped as the thread ends. Then the stack is leaked,
//!   because thread-locals that it has borrowed may be gone.
//! * A suspended green thread is forgotten. Nothing can be done about this. Do not forget a green
//!   thread that is suspended while another thread uses its borrow of a thread-local, as a thread
//!   of `std::thread::scope` may.
//!
//! A green task is not `Send`:
//!
//! ```compile_fail,E0277
//! fn assert_send<T: Send>(_: T) {}
//! assert_send(quadrivium_green::green(|| ()));
//! ```

// Only `stack` and `handle` contain `unsafe`.
#![deny(unsafe_code)]

// In reading order.
#[allow(unsafe_code)]
mod handle;
mod task;
mod cancelled;
#[allow(unsafe_code)]
mod stack;
#[cfg(test)]
mod tests;

pub use handle::{NotPerformed, may_suspend, perform, perform_without_unwinding, return_cancelled};
pub use stack::{
    DEFAULT_STACK_SIZE, LARGEST_STACK, SMALLEST_STACK, StackError, StackStats, stack_size, stats,
    use_stack_size,
};
pub use task::{Builder, GreenTask, green, spawn};
