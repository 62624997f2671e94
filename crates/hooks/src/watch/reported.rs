//! [`report_task`]: reports the calls of a task that have blocked the thread for long.

use std::{fmt, pin::Pin, time::Duration};

use quadrivium_core::{Context, Step, Task, inspect::Style};

use super::{Watch, Watched};
use crate::{call_note::Rule, call_report::CallReport};

/// A limit for [`report`](super::report): one millisecond. A shorter call delays other tasks as
/// little as an ordinary step does.
pub const LIMIT: Duration = Duration::from_millis(1);

/// Reports the calls of a task, and of the tasks that it spawns, that have blocked the thread for
/// longer than `limit`. To watch a whole program, call [`report`](super::report).
///
/// The reporter is called at the end of the step. If it panics, the panic ends there.
/// [`to_stderr`] is a reporter that prints.
///
/// ```
/// use quadrivium::prelude::*;
/// use quadrivium_hooks::{CallReport, LIMIT, report_task};
/// use std::{cell::RefCell, rc::Rc, thread, time::Duration};
///
/// let calls = Rc::new(RefCell::new(Vec::new()));
/// let noted = Rc::clone(&calls);
/// let program = future(async { thread::sleep(Duration::from_millis(20)) });
/// let reporter = move |call: CallReport| noted.borrow_mut().push(call.to_string());
/// let program = report_task(LIMIT, program, reporter);
/// EventLoop::new()?.block_on(program)?;
/// assert!(calls.borrow()[0].starts_with("std::thread::sleep through clock_nanosleep, "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn report_task<T: Task>(
    limit: Duration,
    task: T,
    reporter: impl Fn(CallReport) + 'static,
) -> Reported<T> {
    Reported { watched: Watched::new(task, Watch::new(Rule::LongerThan(limit), reporter)) }
}

/// Prints a report to standard error.
pub fn to_stderr(call: CallReport) {
    eprintln!("quadrivium: {call}");
}

/// A task whose long calls are reported. Made by [`report_task`].
#[must_use = "a task is lazy: perform it"]
pub struct Reported<T> {
    watched: Watched<T>,
}

impl<T: Task> Task for Reported<T> {
    type Output = T::Output;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<T::Output> {
        self.watched.resume(cx)
    }

    fn style(&self) -> Style {
        self.watched.style()
    }
}

impl<T> fmt::Debug for Reported<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reported").finish_non_exhaustive()
    }
}
