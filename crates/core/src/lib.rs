//! The core of Quadrivium: what a task is, what a task can wait for, and the tasks that need no
//! operating system.
//!
//! These are the words of this crate, each explained by the words before it:
//!
//! * A *task* ([`Task`]) is a computation that can be suspended and resumed.
//! * A *host* ([`Host`](host::Host)) drives tasks: it calls [`Task::resume`]. The event loop is a
//!   host.
//! * A *step* ([`Step`]) is the result of one resume. The task is suspended again, or it is done
//!   and has an *output*.
//! * A *wait* ([`Wait`]) is the value that a suspended task returns. It describes what has to
//!   happen before the host should resume the task. A task never calls its host in order to wait.
//! * A *waker* ([`Waker`](std::task::Waker)) makes its suspended task *ready* to be resumed. A
//!   *wake* that comes too early is *spurious*. It is harmless, because the task just suspends
//!   again.
//! * A *turn* is one pass of a host: over its timers, its I/O, and all tasks that are ready.
//! * A *leaf* ([`turn`], [`sleep`], the `recv` of a [channel](sync::channel), …) is a task that
//!   contains no other task. Leaves are written by hand, once, and work in every style.
//! * A *style* (callback, generator, future, green) is a way to write bigger tasks. Each style has
//!   a crate of its own. The user's code inside such a task is its *body*.
//! * A body *performs* a task: it runs that task to its end, as a part of itself. Whenever the
//!   performed task is suspended, the task around it is suspended too.
//! * A *combinator* ([`join`], [`race`], [`timeout`], [`join_all`], …) makes one task of several,
//!   of any styles.
//!
//! ```
//! use quadrivium_core::{Context, Step, Task, Wait, turn};
//! use std::{pin::pin, task::Waker};
//!
//! // A host in four lines: it resumes the task until the task is done.
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
mod every;
mod perform;
mod foreign_waits;
mod join_handle;
mod join_error;
mod canceller;
mod current_step;
pub mod scope;
mod task_values;
pub mod fairness;
pub mod sync;
mod combinators;
mod descriptors;
pub mod inspect;
pub mod remote_task;
mod destructors;
mod clock_guard;
mod panic_payload;
pub mod crash_note;
mod macros;

pub use canceller::Canceller;
pub use clock_guard::{Hold, SendHold};
pub use combinators::{
    Either, Elapsed, Join, JoinAll, Race, RaceAll, Select, Selected, Timeout, TimeoutAt, TryJoin,
    TryJoinAll, join, join_all, race, race_all, select, timeout, timeout_at, try_join,
    try_join_all,
};
pub use context::{Context, LocalWaker};
pub use descriptors::{Edge, Interest, Readiness};
pub use every::{Every, MissedTicks, Tick, every};
pub use join_error::JoinError;
pub use join_handle::{JoinHandle, spawn, spawn_named};
pub use panic_payload::PanicPayload;
pub use perform::{Perform, PerformWaits, PerformedAt};
pub use sync::wait_queue::QueuePlace;
pub use task::{BoxTask, RESUMED_AFTER_DONE, Step, Task};
pub use task_values::{InheritedValue, InheritedValues, LocalValue, LocalValues, Provided, Values};
pub use time::{BlockFor, Sleep, Turn, block_for, hold, now, send_hold, sleep, sleep_until, turn};
pub use wait::Wait;
