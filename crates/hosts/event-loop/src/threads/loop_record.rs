//! [`LoopRecord`]: what other threads know about a loop, and the snapshots that it has sent them.

use std::{
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Thread},
    time::Duration,
};

use quadrivium_core::inspect::LongStep;

use super::last_snapshot::LastSnapshot;

/// What other threads know about a loop.
#[derive(Debug)]
pub(crate) struct LoopRecord {
    pub(crate) index: u16,
    /// The first generation of the loop. No other loop with this mailbox begins with it.
    pub(crate) first_generation: u32,
    /// The thread that has made the loop. The loop never leaves it.
    pub(crate) thread: Thread,
    /// Whether the loop is inside another executor.
    pub(crate) is_guest: bool,
    /// Whether code runs the loop now. A loop that sleeps in a run counts as run.
    is_run: AtomicBool,
    inspection: Mutex<Inspection>,
    /// The step that the watchdog of the loop has reported, until the step has ended.
    long_step: Mutex<Option<LongStep>>,
    /// A snapshot has come, or the loop is gone.
    has_changed: Condvar,
}

/// The snapshots that other threads have asked for.
#[derive(Debug, Default)]
struct Inspection {
    /// A request is in the mailbox of the loop.
    is_asked: bool,
    /// The number of snapshots so far.
    answers: u64,
    last: Option<LastSnapshot>,
    is_gone: bool,
}

impl LoopRecord {
    /// Makes the record of a loop of this thread.
    pub(crate) fn new(index: u16, first_generation: u32, is_guest: bool) -> Self {
        Self {
            index,
            first_generation,
            thread: thread::current(),
            is_guest,
            is_run: AtomicBool::new(false),
            inspection: Mutex::default(),
            long_step: Mutex::default(),
            has_changed: Condvar::new(),
        }
    }

    /// Records whether code runs the loop.
    #[inline]
    pub(crate) fn note_run(&self, is_run: bool) {
        self.is_run.store(is_run, Ordering::Relaxed);
    }

    pub(crate) fn is_run(&self) -> bool {
        self.is_run.load(Ordering::Relaxed)
    }

    /// Records that a thread asks for a snapshot. Returns the number of snapshots so far, and
    /// whether a request must be posted, because none is in the mailbox.
    pub(crate) fn note_question(&self) -> (u64, bool) {
        let mut inspection = self.lock();
        let was_asked = std::mem::replace(&mut inspection.is_asked, true);
        (inspection.answers, !was_asked)
    }

    /// Records that the loop has taken the request out of its mailbox.
    pub(crate) fn note_taken(&self) {
        self.lock().is_asked = false;
    }

    /// Records that the loop is gone.
    pub(crate) fn note_gone(&self) {
        self.lock().is_gone = true;
        self.has_changed.notify_all();
    }

    /// Keeps a snapshot, and wakes the threads that wait for it.
    pub(crate) fn answer(&self, snapshot: LastSnapshot) {
        let mut inspection = self.lock();
        inspection.answers += 1;
        let former = inspection.last.replace(snapshot);
        drop(inspection);
        self.has_changed.notify_all();
        drop(former);
    }

    /// Waits until there are more snapshots than `answers`. Returns the last one, or whether the
    /// loop is gone.
    pub(crate) fn wait_for_answer(
        &self,
        answers: u64,
        limit: Duration,
    ) -> Result<LastSnapshot, bool> {
        let waits = |it: &mut Inspection| it.answers == answers && !it.is_gone;
        let waited = self.has_changed.wait_timeout_while(self.lock(), limit, waits);
        let (inspection, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let has_answered = inspection.answers > answers;
        inspection.last.clone().filter(|_| has_answered).ok_or(inspection.is_gone)
    }

    /// Returns the last snapshot.
    pub(crate) fn last(&self) -> Option<LastSnapshot> {
        self.lock().last.clone()
    }

    /// Keeps what the watchdog of the loop reports: a step that lasts, or that it has ended.
    pub(crate) fn note_long_step(&self, step: Option<LongStep>) {
        *self.long_step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// Returns the step that the watchdog of the loop has reported, if it lasts.
    pub(crate) fn long_step(&self) -> Option<LongStep> {
        self.long_step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inspection> {
        self.inspection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
