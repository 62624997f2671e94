//! [`report`]: reports the calls of a program that have blocked a thread for long.
//!
//! An observer on each thread is told of the steps. It makes them watched steps:
//!
//! ```text
//!   loop ─► resumed: begins a step ─► task ─► suspended: ends it ─► reporter
//! ```

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Mutex, Once, PoisonError},
    time::Duration,
};

use quadrivium_core::{
    host::{Observer, observe_all_threads},
    inspect::{RunningTask, Style},
};

use super::{tell_reporter, to_stderr};
use crate::{
    call_note::{CallNotes, Rule},
    call_report::CallReport,
    step::{self, Inspector, StepGuard},
};

/// Reports to standard error each call of a task that blocks its thread for longer than `limit`.
/// This concerns the whole program: all loops on all threads, from their next turn on.
///
/// [`LIMIT`](super::LIMIT) is a good limit to begin with.
///
/// ```
/// use quadrivium::prelude::*;
/// use quadrivium_hooks::{LIMIT, report};
///
/// report(LIMIT);
/// EventLoop::new()?.block_on(turn())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Tasks inside executors of others are not seen, unless a loop of ours drives them there.
/// [`report_task`](super::report_task) sees them.
pub fn report(limit: Duration) {
    report_to(limit, to_stderr);
}

/// Like [`report`], with a reporter of your own. It is called at the end of the step, on the thread
/// of the task. If it panics, the panic ends there. A later call of this function replaces the
/// limit and the reporter.
///
/// ```
/// use quadrivium::prelude::*;
/// use quadrivium_hooks::{LIMIT, report_to};
/// use std::{sync::mpsc, thread, time::Duration};
///
/// let (sender, calls) = mpsc::channel();
/// report_to(LIMIT, move |call| sender.send(call.to_string()).unwrap());
/// EventLoop::new()?.block_on(future(async { thread::sleep(Duration::from_millis(20)) }))?;
/// assert!(calls.recv()?.starts_with("std::thread::sleep through clock_nanosleep, "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn report_to(limit: Duration, reporter: impl Fn(CallReport) + Send + Sync + 'static) {
    static OBSERVED: Once = Once::new();
    let settings = Settings { limit, reporter: Arc::new(reporter) };
    let before = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner).replace(settings);
    // Its destructor is user code, so it runs when nothing is locked.
    drop(before);
    OBSERVED.call_once(|| observe_all_threads(|| Rc::new(StepObserver::new())));
}

#[derive(Clone)]
struct Settings {
    limit: Duration,
    reporter: Arc<dyn Fn(CallReport) + Send + Sync>,
}

static SETTINGS: Mutex<Option<Settings>> = Mutex::new(None);

fn settings() -> Settings {
    let settings = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    settings.expect("they are there before the first observer")
}

/// Makes the steps on a thread watched.
struct StepObserver {
    notes: Rc<CallNotes>,
    /// The same, as the hooks know it.
    inspector: Rc<dyn Inspector>,
    /// The steps that have begun, the innermost last. They are nested only where a task drops
    /// another one.
    steps: RefCell<Vec<StepGuard>>,
}

impl StepObserver {
    fn new() -> Self {
        let notes = Rc::new(CallNotes::new(Rule::LongerThan(Duration::MAX)));
        let inspector = Rc::clone(&notes) as _;
        Self { notes, inspector, steps: RefCell::default() }
    }
}

impl Observer for StepObserver {
    fn resumed(&self, _: RunningTask, _: Style) {
        let unwatched = step::suspend_watch();
        self.notes.use_rule(Rule::LongerThan(settings().limit));
        let mut steps = self.steps.borrow_mut();
        steps.reserve(1);
        drop(unwatched);
        steps.push(step::begin(&self.inspector));
    }

    fn suspended(&self, _: RunningTask) {
        let step = self.steps.borrow_mut().pop();
        drop(step);
        if !self.notes.is_empty() {
            tell_reporter(&self.notes, &*settings().reporter);
        }
    }
}
