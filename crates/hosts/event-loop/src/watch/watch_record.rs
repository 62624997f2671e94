//! [`WatchRecord`]: what is known about one task only while its loop is watched.

use std::time::Duration;

use quadrivium_core::{
    Wait,
    host::TaskId,
    inspect::{LeafKind, Note},
};

use crate::tasks::slot_key::SlotKey;

#[derive(Clone, Debug)]
pub(crate) struct WatchRecord {
    pub(crate) id: TaskId,
    /// Whether the loop was watched when the task was spawned. Only then its parent is known, and
    /// all of its steps were counted.
    pub(crate) since_its_spawn: bool,
    /// The task that has spawned it, unless that was code outside of tasks.
    pub(crate) parent: Option<SlotKey>,
    pub(crate) steps: u64,
    pub(crate) longest_step: Duration,
    /// When the step began that runs, or that was the last.
    pub(crate) step_began: Duration,
    /// A leaf without a note has stored the task's waker in some step. It may wake the task at any
    /// time later, and let the task go on.
    pub(crate) has_silent_leaf: bool,
    /// What the task has waited for since its last step.
    pub(crate) wait: WatchedWait,
}

/// What a task waits for, with what the loop needs to find cycles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WatchedWait {
    /// When it began: the time since the making of the loop.
    pub(crate) since: Duration,
    pub(crate) note: Note,
    /// A single leaf waits, and it waits for a wake. So neither a deadline nor a descriptor nor
    /// another part of a combinator can end the wait.
    pub(crate) is_single: bool,
    /// A report has shown this wait, or one that is equal.
    pub(crate) is_reported: bool,
}

impl WatchRecord {
    pub(super) fn new(id: TaskId) -> Self {
        Self {
            id,
            since_its_spawn: false,
            parent: None,
            steps: 0,
            longest_step: Duration::ZERO,
            step_began: Duration::ZERO,
            has_silent_leaf: false,
            wait: WatchedWait {
                since: Duration::ZERO,
                note: Note::NOTHING,
                is_single: false,
                is_reported: false,
            },
        }
    }

    /// Records that a step begins.
    pub(crate) fn step_begins(&mut self, now: Duration) {
        self.steps += 1;
        self.step_began = now;
    }

    /// Records that the task has suspended.
    pub(crate) fn suspends(&mut self, now: Duration, wait: &Wait, note: Note, wakers: u32) {
        self.longest_step = self.longest_step.max(now.saturating_sub(self.step_began));
        self.has_silent_leaf |= !note.is_one_of_several() && wakers > counted_wakers(note.kind());
        self.wait = WatchedWait {
            since: now,
            note,
            is_single: *wait == Wait::Wake && !note.is_one_of_several(),
            is_reported: self.wait.is_reported && self.wait.note == note,
        };
    }
}

impl WatchRecord {
    /// Returns whether the last step has left the task in a single leaf.
    pub(crate) fn waits_in_one_leaf(&self) -> bool {
        self.wait.is_single && !self.has_silent_leaf
    }

    /// Returns whether other tasks may keep this one from going on: it waits for the end of a task,
    /// or for something that tasks take.
    pub(crate) fn waits_for_tasks(&self) -> bool {
        use LeafKind::{Acquire, Join, Lock, Send};
        self.waits_in_one_leaf() && matches!(self.wait.note.kind(), Join | Lock | Acquire | Send)
    }

    /// Returns the slot of the task that is joined, if its end is certainly all that is waited for.
    pub(crate) fn certain_join(&self) -> Option<u32> {
        let note = self.wait.note;
        let is_certain = self.waits_in_one_leaf() && note.kind() == LeafKind::Join;
        note.object().index().filter(|_| is_certain)
    }
}

/// Returns the number of wakers that are counted while such a leaf suspends. The leaves that wait
/// in the queue of a channel or a lock are not counted.
fn counted_wakers(kind: LeafKind) -> u32 {
    u32::from(matches!(kind, LeafKind::Join | LeafKind::Wait | LeafKind::Read | LeafKind::Write))
}
