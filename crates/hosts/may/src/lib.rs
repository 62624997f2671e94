//! More cores: tasks on may's work-stealing scheduler, and may's own green threads as tasks.
//!
//! | function | runs | where |
//! |---|---|---|
//! | [`spawn`] | a `Send` task of any style | on may's workers, perhaps on another one at each resume |
//! | [`spawn_pinned`] | any task | on one of may's workers, with a loop of its own |
//! | [`block_on`] | a `Send` task | on may's workers; the calling OS thread or coroutine of may waits |
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
//! May's scheduler belongs to the process. It starts with the first task, or with
//! [`Config::start`], and never ends. Every ten milliseconds an idle worker checks whether there is
//! work.
//!
//! may installs a handler for `SIGSEGV`, which prints a message when a coroutine of may overflows
//! its stack. It replaces the handler of the standard library, so an overflow of any other stack
//! prints no message.

// `unsafe` is used only where functions of may require it.
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
mod lock;

pub use block_on::block_on;
pub use config::{Config, StartError};
pub use green::{Builder, DEFAULT_STACK_SIZE, GreenTask, green, perform, perform_with};
pub use movable::{spawn, spawn_named};
pub use pinned::spawn_pinned;
pub use workers::workers;

/// The examples of the chapter run as tests.
#[doc = include_str!("../../../../docs/may.md")]
#[cfg(doctest)]
struct PageExamples;
