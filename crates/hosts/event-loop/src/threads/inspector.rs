//! [`LoopInspector`]: asks a loop for a snapshot of its tasks, from any thread.
//!
//! ```text
//!   a thread ── 1. asks, unless one has asked ──► mailbox ──► 2. the loop copies its records
//!      ▲                                                         │
//!      └─────────── 4. wakes up ◄── LoopRecord ◄── 3. answers ───┘
//! ```
//!
//! A loop that a task keeps busy does not answer. However often it is asked meanwhile, it has one
//! request in its mailbox, and answers it once.

use std::{fmt, sync::Arc, time::Duration};

use quadrivium_core::inspect::{LongStep, snapshot::Tasks};

use crate::{
    threads::{
        inspect_error::{InspectError, Unanswered},
        last_snapshot::LastSnapshot,
        loop_record::LoopRecord,
    },
    wake::{active_loop, mailbox::RemoteRequest, mailbox_table},
};

/// Asks a loop for a snapshot of its tasks, from any thread. Made by
/// [`EventLoop::inspector`](crate::EventLoop::inspector).
///
/// The loop answers between two turns. It copies its records, and resumes no task. An inspector
/// does not keep a loop from ending, or from reporting a deadlock, because it wakes no task.
///
/// ```
/// use quadrivium_core::sleep;
/// use quadrivium_event_loop::EventLoop;
/// use std::{thread, time::Duration};
///
/// let mut event_loop = EventLoop::new()?;
/// let (inspector, stopper) = (event_loop.inspector(), event_loop.stopper());
/// let _sleeps = event_loop.spawn_named("sleeps", sleep(Duration::from_secs(9)));
/// let elsewhere = thread::spawn(move || {
///     let tasks = inspector.tasks(Duration::from_secs(5));
///     stopper.stop();
///     tasks
/// });
/// event_loop.run()?;
/// let tasks = elsewhere.join().unwrap()?;
/// assert_eq!(tasks.tasks[0].label.name.as_deref(), Some("sleeps"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct LoopInspector {
    record: Arc<LoopRecord>,
}

impl LoopInspector {
    pub(crate) fn new(record: Arc<LoopRecord>) -> Self {
        Self { record }
    }

    /// Returns an inspector for each loop of this process, in the order of their numbers. Loops
    /// inside other executors are among them, and the loops of clusters and of pinned tasks.
    pub fn all() -> Vec<Self> {
        mailbox_table::records().into_iter().map(Self::new).collect()
    }

    /// Asks the loop for a snapshot, and waits for it. In a task of that loop, it is taken at once.
    ///
    /// The first snapshot makes the loop a [watched](crate::EventLoop::watch) one.
    ///
    /// # Errors
    ///
    /// * [`InspectError::Gone`]: the loop has ended.
    /// * [`InspectError::NoAnswer`]: the loop has not answered within `limit`.
    pub fn tasks(&self, limit: Duration) -> Result<Arc<Tasks>, InspectError> {
        // A loop that runs on this thread would not answer while this code waits.
        let is_here = active_loop::with(self.record.index, |event_loop| event_loop.answer());
        let answers = if is_here { 0 } else { self.post_question() };
        self.record.wait_for_answer(answers, limit).map(|answer| answer.tasks).map_err(|is_gone| {
            match is_gone {
                true => InspectError::Gone,
                false => InspectError::NoAnswer(limit, self.why_unanswered()),
            }
        })
    }

    /// Asks the loop for a snapshot, and does not wait. So several loops can be asked at once.
    pub fn ask(&self) {
        self.post_question();
    }

    /// Returns the last snapshot that the loop has sent to any inspector.
    pub fn last(&self) -> Option<LastSnapshot> {
        self.record.last()
    }

    /// Returns the step that occupies the loop, if the loop has a
    /// [watchdog](crate::EventLoop::watchdog) and the watchdog has reported the step.
    pub fn long_step(&self) -> Option<LongStep> {
        self.record.long_step()
    }

    /// Returns the number of the loop. Loops that exist at the same time have different numbers.
    pub fn number(&self) -> u16 {
        self.record.index
    }

    /// Returns the name of the loop's thread, if it has one.
    pub fn thread(&self) -> Option<&str> {
        self.record.thread.name()
    }

    /// Returns whether the loop is inside another executor.
    pub fn is_guest(&self) -> bool {
        self.record.is_guest
    }
    /// Posts a request, unless one is in the mailbox. Returns the number of snapshots so far.
    fn post_question(&self) -> u64 {
        let (answers, is_new) = self.record.note_question();
        if is_new {
            let question = SnapshotRequest(Some(Arc::clone(&self.record)));
            let request = RemoteRequest::Run(Box::new(move || question.carry_out()));
            // If the loop is gone, the request is dropped here.
            let LoopRecord { index, first_generation, .. } = *self.record;
            mailbox_table::of(index).request(request, first_generation);
        }
        answers
    }

    fn why_unanswered(&self) -> Unanswered {
        match (self.record.is_run(), self.record.is_guest) {
            (true, _) => Unanswered::Busy,
            (false, true) => Unanswered::NotPolled,
            (false, false) => Unanswered::NotRun,
        }
    }
}

impl fmt::Debug for LoopInspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopInspector").field("number", &self.number()).finish_non_exhaustive()
    }
}

/// A request in the mailbox of a loop. The loop takes its content. If the loop is gone, it is
/// dropped with its content.
struct SnapshotRequest(Option<Arc<LoopRecord>>);

impl SnapshotRequest {
    /// Called on the thread of the loop, which carries out its requests.
    fn carry_out(mut self) {
        let Some(record) = self.0.take() else { return };
        record.note_taken();
        active_loop::with(record.index, |event_loop| event_loop.answer());
    }
}

impl Drop for SnapshotRequest {
    fn drop(&mut self) {
        if let Some(record) = self.0.take() {
            record.note_gone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_loop::EventLoop;

    #[test]
    fn many_questions_are_answered_once() {
        let mut event_loop = EventLoop::new().unwrap();
        let inspector = event_loop.inspector();
        for answers in 0..3 {
            (0..1_000).for_each(|_| assert_eq!(inspector.post_question(), answers));
            event_loop.turn().unwrap();
        }
    }

    #[test]
    fn a_question_that_a_loop_leaves_is_answered_by_its_end() {
        let event_loop = EventLoop::new().unwrap();
        let inspector = event_loop.inspector();
        inspector.ask();
        drop(event_loop);
        let hour = Duration::from_secs(3_600);
        assert_eq!(inspector.tasks(hour).unwrap_err(), InspectError::Gone);
        let is_other = |it: &LoopInspector| !Arc::ptr_eq(&it.record, &inspector.record);
        assert!(LoopInspector::all().iter().all(is_other));
    }
}
