//! [`Watchdog`]: a thread that reports which task occupies a loop, while it does.
//!
//! ```text
//!   the loop's thread                                   the watchdog's thread
//!   a step begins ── counts it, notes the task ──►  every quarter of the limit:
//!   a step ends ──── counts it ──────────────────►  is it still the same step?
//!                                                   after the limit: report the task, and what
//!                                                   the operating system says about its thread
//! ```
//!
//! The thread of the loop reads no clock. The watchdog sees when a step lasts by a count that does
//! not change. It never stops a task, and runs no code of tasks.

mod running_tasks;
mod step_timer;
mod system_calls;
mod thread_state;
pub(crate) mod limit;

use std::{
    fmt, io,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use quadrivium_core::{
    host::{self, Observing, contain},
    inspect::{LongStep, Report, Reporter},
};

use self::{
    running_tasks::{CountsSteps, RunningTasks},
    step_timer::{Sight, StepTimer},
    thread_state::WatchedThread,
};
use crate::{threads::loop_record::LoopRecord, time::clock::LoopClock};

/// Exists while a loop has a watchdog. Its drop ends the thread.
pub(crate) struct Watchdog {
    shared: Arc<WatchedSteps>,
    thread: Thread,
    _observing: Observing,
}

/// What the thread of the loop and the watchdog share.
struct WatchedSteps {
    running: RunningTasks,
    reporter: Mutex<Reporter>,
    record: Arc<LoopRecord>,
    has_ended: AtomicBool,
}

impl Watchdog {
    /// Starts a watchdog for the loop with this record, which is a loop of this thread. A step that
    /// takes longer than `limit` is passed to `reporter`.
    pub(crate) fn start(
        record: Arc<LoopRecord>,
        limit: Duration,
        reporter: Reporter,
    ) -> io::Result<Self> {
        let event_loop = record.index;
        let shared = Arc::new(WatchedSteps {
            running: RunningTasks::default(),
            reporter: Mutex::new(reporter),
            record,
            has_ended: AtomicBool::new(false),
        });
        let (of_thread, watched) = (Arc::clone(&shared), WatchedThread::current());
        let watch = move || of_thread.watch(StepTimer::new(limit), &watched);
        let thread = thread::Builder::new().name("quadrivium-watchdog".into()).spawn(watch)?;
        let observer = Rc::new(CountsSteps { event_loop, shared: Arc::clone(&shared) });
        let thread = thread.thread().clone();
        Ok(Self { shared, thread, _observing: host::observe(observer) })
    }

    /// Passes the reports to this reporter from now on. Returns the former one.
    pub(crate) fn report_to(&self, reporter: Reporter) -> Reporter {
        let mut current = self.shared.reporter.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, reporter)
    }
}

impl Drop for Watchdog {
    /// Does not wait for the thread: its reporter may wait for code of this thread.
    fn drop(&mut self) {
        self.shared.has_ended.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watchdog").finish_non_exhaustive()
    }
}

impl AsRef<RunningTasks> for WatchedSteps {
    fn as_ref(&self) -> &RunningTasks {
        &self.running
    }
}

impl WatchedSteps {
    /// Looks at the steps of the loop until the loop has ended.
    fn watch(&self, mut timer: StepTimer, thread: &WatchedThread) {
        let clock = LoopClock::real();
        let mut reported = None;
        while !self.has_ended.load(Ordering::Acquire) {
            match timer.look(self.running.step(), clock.elapsed()) {
                Sight::Usual => {}
                Sight::Long(lasted) => self.report_so_far(lasted, thread, &mut reported),
                Sight::Ended(lasted) => self.report_end(lasted, reported.take()),
            }
            thread::park_timeout(timer.pause());
        }
        if let Some(lasted) = timer.end(clock.elapsed()) {
            self.report_end(lasted, reported);
        }
    }

    fn report_so_far(
        &self,
        lasted: Duration,
        thread: &WatchedThread,
        reported: &mut Option<LongStep>,
    ) {
        // The step may end meanwhile. Then there is no task any more, and the end is seen next.
        let Some((task, style)) = self.running.task() else { return };
        let step = LongStep::new(task, style, lasted, thread.activity());
        *reported = Some(step.clone());
        self.record.note_long_step(Some(step.clone()));
        self.report(&Report::LongStep(step));
    }

    fn report_end(&self, lasted: Duration, reported: Option<LongStep>) {
        self.record.note_long_step(None);
        if let Some(mut step) = reported {
            step.lasted = lasted;
            self.report(&Report::LongStepEnded(step));
        }
    }

    /// Passes a report to the reporter, which is user code and may panic.
    fn report(&self, report: &Report) {
        let reporter = self.reporter.lock().unwrap_or_else(PoisonError::into_inner).clone();
        contain(|| reporter.report(report));
    }
}
