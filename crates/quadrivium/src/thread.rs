//! Green threads in the clothes of [`std::thread`]: a program written for threads needs another
//! `use`, and a loop around it.
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
//! All but [`offload`] and [`offload_checked`] is for the body of a green thread, and the functions called from there. What blocks the
//! OS thread still blocks the whole loop: use [`sync`](crate::sync) in place of `std::sync::mpsc`,
//! and hold no `std::sync::Mutex` while one of these suspends. What cannot be replaced goes to
//! another OS thread with [`offload`], in any style.

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

/// Suspends this green thread for `duration`; the others run meanwhile.
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
    /// No name, and the default stack size.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name that the trace, a deadlock and a stack overflow show.
    #[must_use]
    pub fn name(mut self, name: String) -> Self {
        self.name = Some(name);
        self
    }

    /// Stacks of at least this many bytes.
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

/// The other end of a green thread. Dropping it leaves the green thread running.
#[must_use = "drop it on purpose if nobody waits for the green thread"]
pub struct JoinHandle<T> {
    task: quadrivium_core::JoinHandle<T>,
}

impl<T: 'static> JoinHandle<T> {
    /// Suspends this green thread until the other one has ended.
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

    /// Whether the green thread has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The handle that every style has, which can also be performed and cancelled.
    pub fn into_task(self) -> quadrivium_core::JoinHandle<T> {
        self.task
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.fmt(f)
    }
}
