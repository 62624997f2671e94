//! Green threads with the API of [`std::thread`]. A program that is written for threads needs other
//! `use` lines and an event loop around it.
//!
//! ```
//! use quadrivium::{prelude::*, thread};
//! use std::time::Duration;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let program = green(|| {
//!         let worker = thread::spawn(|| {
//!             thread::sleep(Duration::from_secs(1));
//!             6 * 7
//!         });
//!         worker.join().unwrap()
//!     });
//!     assert_eq!(EventLoop::with_virtual_clock()?.block_on(program)?, 42);
//!     Ok(())
//! }
//! ```
//!
//! All functions except [`offload`] and [`offload_checked`] are meant for the body of a green
//! thread, and for the functions that the body calls. A call that blocks the OS thread still blocks
//! the whole loop. So use [`sync`](crate::sync) in place of `std::sync::mpsc`, and hold no
//! `std::sync::Mutex` while one of these functions suspends. If a blocking call cannot be replaced,
//! run it on another OS thread with [`offload`], in any style.

use std::{fmt, time::Duration};

use quadrivium_core::{JoinError, spawn as spawn_task, spawn_named, turn};
use quadrivium_green::{self as green, StackError, green as green_task, perform};
pub use quadrivium_io::thread::{Offload, offload, offload_checked};

/// Spawns a green thread.
///
/// # Panics
///
/// When no host drives this thread.
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + 'static,
    T: 'static,
{
    JoinHandle { task: spawn_task(green_task(body)) }
}

/// Suspends this green thread for `duration`. Other tasks run meanwhile.
///
/// # Panics
///
/// Outside the body of a green thread.
pub fn sleep(duration: Duration) {
    perform(quadrivium_core::sleep(duration));
}

/// Lets every other ready task run first.
///
/// # Panics
///
/// Outside the body of a green thread.
pub fn yield_now() {
    perform(turn());
}

/// Spawns green threads with a name and another stack size.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack: green::Builder,
}

impl Builder {
    /// Makes a builder without a name and with the default stack size.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name, which appears in the trace, and in the messages of a deadlock and of a stack
    /// overflow.
    #[must_use]
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets the minimum size of the stacks in bytes.
    #[must_use]
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack = self.stack.stack_size(bytes);
        self
    }

    /// Spawns a green thread.
    ///
    /// # Errors
    ///
    /// When the stack size is out of range, or there is no memory for one more stack.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn spawn<F, T>(self, body: F) -> Result<JoinHandle<T>, StackError>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let task = self.stack.build(body)?;
        Ok(JoinHandle {
            task: match self.name {
                Some(name) => spawn_named(&name, task),
                None => spawn_task(task),
            },
        })
    }
}

/// A handle to a spawned green thread. If it is dropped, the green thread runs on.
#[must_use = "join the green thread, or drop the handle on purpose to let it run on"]
pub struct JoinHandle<T> {
    task: quadrivium_core::JoinHandle<T>,
}

impl<T: 'static> JoinHandle<T> {
    /// Suspends this green thread until the other one has ended, and returns the output of that
    /// one.
    ///
    /// # Errors
    ///
    /// When the other one panicked or was cancelled.
    ///
    /// # Panics
    ///
    /// Outside the body of a green thread.
    pub fn join(self) -> Result<T, JoinError> {
        perform(self.task)
    }

    /// Returns whether the green thread has ended: with an output, by a panic or by a cancel.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Returns the handle that all styles have, which can also be performed and cancelled.
    pub fn into_task(self) -> quadrivium_core::JoinHandle<T> {
        self.task
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}
