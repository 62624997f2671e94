//! [`RunningTasks`]: which tasks run on the thread of a loop, for the watchdog.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use quadrivium_core::{
    host::{self, Label, Observer},
    inspect::{RunningTask, Style},
};

use crate::tasks::slot_key::SlotKey;

/// The steps that the thread of a loop has begun and ended, and the tasks that run.
#[derive(Default)]
pub(super) struct RunningTasks {
    /// Grows when a step begins, and when it ends. So it is odd during a step. The destructors of
    /// another task that run inside of a step are a part of that step.
    changes: AtomicU64,
    /// The task whose step it is, then the tasks whose destructors run inside of it.
    tasks: Mutex<Vec<(Label, Style)>>,
}

impl RunningTasks {
    /// Returns the number of the step that runs, if one does.
    pub(super) fn step(&self) -> Option<u64> {
        let changes = self.changes.load(Ordering::Relaxed);
        (changes % 2 == 1).then_some(changes)
    }

    /// Returns the task that runs, and its style.
    pub(super) fn task(&self) -> Option<(Label, Style)> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }

    /// Changes the list of tasks. Only the thread of the loop does.
    fn change<R>(&self, change: impl FnOnce(&mut Vec<(Label, Style)>) -> R) -> R {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let was_in_a_step = !tasks.is_empty();
        let changed = change(&mut tasks);
        if was_in_a_step == tasks.is_empty() {
            // No other thread writes it, so this needs no read-modify-write operation.
            let changes = self.changes.load(Ordering::Relaxed);
            self.changes.store(changes.wrapping_add(1), Ordering::Relaxed);
        }
        changed
    }
}

/// Is told of the steps on the thread of a loop.
pub(super) struct CountsSteps<T> {
    /// Steps of other loops on this thread are not counted.
    pub(super) event_loop: u16,
    pub(super) shared: Arc<T>,
}

impl<T: AsRef<RunningTasks>> CountsSteps<T> {
    /// Returns the record, if this is a task of the loop.
    fn record_of(&self, RunningTask(key): RunningTask) -> Option<&RunningTasks> {
        let is_of_this_loop = SlotKey(key).event_loop() == self.event_loop;
        is_of_this_loop.then(|| (*self.shared).as_ref())
    }
}

impl<T: AsRef<RunningTasks>> Observer for CountsSteps<T> {
    fn resumed(&self, task: RunningTask, style: Style) {
        if let Some(record) = self.record_of(task) {
            let label = host::label().expect("a loop has labels");
            record.change(|tasks| tasks.push((label, style)));
        }
    }

    fn suspended(&self, task: RunningTask) {
        let ended = self.record_of(task).and_then(|record| record.change(Vec::pop));
        drop(ended);
    }
}
