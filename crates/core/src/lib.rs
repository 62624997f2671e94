//! What a task is, what it may wait for, and everything about tasks that needs no operating system.
//!
//! A [`Task`] is a computation that can be suspended and resumed. It never calls the loop that
//! drives it: [`Task::resume`] runs to the next suspension point and returns a [`Wait`], the value
//! that says what has to happen before it makes sense to resume it. Whoever reads that value and
//! resumes in time is a [`Host`](host::Host).
//!
//! * A *leaf* ([`turn`], [`sleep`], [`sync::channel::bounded`]'s `recv`, …) is a task written by
//!   hand, once, for every style.
//! * A *style* (callback, generator, future, green) composes tasks into bigger ones; each lives in
//!   a crate of its own.
//! * A *combinator* ([`join`], [`race`], [`timeout`]) makes one task of several, of any styles.
//!
//! ```
//! use quadrivium_core::{Context, Step, Task, Wait, turn};
//! use std::{pin::pin, task::Waker};
//!
//! // A host in four lines: it resumes until the task is done.
//! let mut task = pin!(turn());
//! let mut cx = Context::new(Waker::noop());
//! assert!(matches!(task.as_mut().resume(&mut cx), Step::Suspended(Wait::Turn)));
//! assert!(matches!(task.as_mut().resume(&mut cx), Step::Done(())));
//! ```

#![forbid(unsafe_code)]

// In reading order.
mod task;
mod wait;
mod context;
pub mod host;
mod time;
mod perform;
mod join_handle;
mod join_error;
mod canceller;
pub mod fairness;
pub mod sync;
mod combinators;
mod descriptors;
pub mod remote;
mod destructors;
mod hold;
mod panic_payload;
pub mod crash_note;
mod leaf;

pub use canceller::Canceller;
pub use combinators::{
    Either, Elapsed, Join, JoinAll, Race, Timeout, join, join_all, race, timeout,
};
pub use context::{Context, LocalWaker};
pub use descriptors::{Edge, Interest, Readiness};
pub use hold::{Hold, SendHold};
pub use join_error::JoinError;
pub use join_handle::{JoinHandle, spawn, spawn_named};
pub use panic_payload::PanicPayload;
pub use perform::{Perform, PerformWaits};
pub use sync::wait_queue::QueuePlace;
pub use task::{BoxTask, RESUMED_AFTER_DONE, Step, Task};
pub use time::{BlockFor, Sleep, Turn, block_for, hold, now, send_hold, sleep, sleep_until, turn};
pub use wait::Wait;
