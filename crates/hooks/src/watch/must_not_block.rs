//! [`must_not_block`]: a check that a task makes no call that can block the thread.

use std::{cell::RefCell, fmt, panic::Location, pin::Pin, rc::Rc, thread};

use quadrivium_core::{Context, Step, Task, inspect::Style};

use super::{Watch, Watched};
use crate::{call_note::Rule, call_report::CallReport};

/// Checks that a task, and the tasks that it spawns, make no call that can block the thread.
///
/// A call that cannot block at the moment is not reported: because of its flags or its timeout,
/// because its descriptor is non-blocking, or because its lock is free. These calls are always
/// allowed:
///
/// * writes to standard output and standard error;
/// * calls during a panic, such as those that print it;
/// * calls that Quadrivium makes itself.
///
/// [`allow`](MustNotBlock::allow) allows more.
///
/// ```
/// use quadrivium::prelude::*;
/// use quadrivium_hooks::must_not_block;
/// use std::{thread, time::Duration};
///
/// let waits = future(async { sleep(Duration::from_secs(1)).await });
/// EventLoop::with_virtual_clock()?.block_on(must_not_block(waits))?;
///
/// let blocks = future(async { thread::sleep(Duration::from_millis(1)) });
/// assert!(EventLoop::with_virtual_clock()?.block_on(must_not_block(blocks)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// The check panics at the end of the step in which a call could block. If another task that it
/// has spawned makes the call, the check panics at the end of its own next step.
#[track_caller]
pub fn must_not_block<T: Task>(task: T) -> MustNotBlock<T> {
    let found = Rc::<RefCell<Vec<CallReport>>>::default();
    let allowed = Rc::<RefCell<Vec<&str>>>::default();
    let (noted, allowing) = (Rc::clone(&found), Rc::clone(&allowed));
    let reporter = move |call: CallReport| {
        if !allowing.borrow().iter().any(|function| call.is_inside(function)) {
            noted.borrow_mut().push(call);
        }
    };
    let watched = Watched::new(task, Watch::new(Rule::Any, reporter));
    MustNotBlock { watched, found, allowed, checked_at: Location::caller() }
}

/// A task that makes no call that can block. Made by [`must_not_block`].
#[must_use = "a task is lazy: perform it"]
pub struct MustNotBlock<T> {
    watched: Watched<T>,
    found: Rc<RefCell<Vec<CallReport>>>,
    allowed: Rc<RefCell<Vec<&'static str>>>,
    checked_at: &'static Location<'static>,
}

impl<T> MustNotBlock<T> {
    /// Allows the calls inside a function. Its name is the whole path of a function of the user or
    /// of std, such as `"my_crate::config::load"` or `"std::fs::File::open"`, or the name of a
    /// function of the C library.
    pub fn allow(self, function: &'static str) -> Self {
        self.allowed.borrow_mut().push(function);
        self
    }

    fn message(&self, calls: &[CallReport]) -> String {
        let mut message =
            format!("must_not_block at {}: calls could block the loop:", self.checked_at);
        for call in calls {
            message += &format!("\n{call}");
        }
        message
    }
}

impl<T: Task> Task for MustNotBlock<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        let step = self.watched.resume(cx);
        let calls = self.found.take();
        assert!(calls.is_empty(), "{}", self.message(&calls));
        step
    }

    fn style(&self) -> Style {
        self.watched.style()
    }
}

impl<T> Drop for MustNotBlock<T> {
    /// A task that is cancelled or panics has no later step. A panic here would end the process.
    fn drop(&mut self) {
        let calls = self.found.take();
        if !calls.is_empty() {
            let state = if thread::panicking() { "panicked" } else { "was dropped" };
            eprintln!("{}\n(the task {state} before its check)", self.message(&calls));
        }
    }
}

impl<T> fmt::Debug for MustNotBlock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MustNotBlock").field("checked_at", &self.checked_at).finish_non_exhaustive()
    }
}
