//! More cores: tasks on may's work-stealing scheduler, and may's own green threads as tasks.
//!
//! | function | runs | where |
//! |---|---|---|
//! | [`spawn`] | a `Send` task of any style | on may's workers, at each resume on another of them |
//! | [`spawn_pinned`] | any task | on one of may's workers, with a loop of its own |
//! | [`block_on`] | a `Send` task | the same; the calling OS thread, or coroutine of may, waits |
//! | [`green`] | may's green thread as a task | its body on may's workers, the rest on your loop |
//!
//! ```
//! use quadrivium::{may, prelude::*};
//! use std::time::Duration;
//!
//! let sums = [1, 2, 3].map(|n| {
//!     may::spawn(future(async move {
//!         sleep(Duration::from_millis(1)).await;
//!         (0..n * 1000).sum::<u64>()
//!     }))
//! });
//! let mut sum = 0;
//! for handle in sums {
//!     sum += may::block_on(handle)??;
//! }
//! assert_eq!(sum, 6_997_000);
//! # Ok::<(), JoinError>(())
//! ```
//!
//! May's scheduler belongs to the process: it starts with the first task, or with
//! [`Config::start`], and never ends. Every ten milliseconds an idle worker looks whether there is
//! something to do. And may installs a handler for `SIGSEGV`, which says what has overflowed a
//! stack of may's, and silences what the standard library says of any other.

// `unsafe` stands where may's own functions are called that ask for it.
#![deny(unsafe_code)]

// In reading order.
mod config;
mod movable;
mod pinned;
mod block_on;
#[allow(unsafe_code)]
mod green;
mod workers;
mod runtime;
mod time;
mod panics;

pub use block_on::block_on;
pub use config::{Config, StartError};
pub use green::{Builder, DEFAULT_STACK_SIZE, GreenTask, green, perform, perform_with};
pub use movable::{spawn, spawn_named};
pub use pinned::spawn_pinned;
pub use workers::workers;

/// The examples of the page run as tests.
#[doc = include_str!("../../../../docs/may.md")]
#[cfg(doctest)]
struct PageExamples;
