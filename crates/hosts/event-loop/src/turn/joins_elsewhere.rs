//! Joins across loops: tasks of this loop that wait for the end of a task of another loop.
//!
//! A handle stays on its thread, but not on its loop. If the thread is blocked inside a run of this
//! loop, the other loop cannot run, and the wait never ends. So the report of the deadlock names
//! the joined tasks. Two guests of one executor run by turns, so there such a wait may end.

use std::rc::Weak;

use quadrivium_core::host::Label;

use super::Loop;
use crate::{
    tasks::slot_key::SlotKey,
    wake::{active_loop, integer_waker},
};

impl Loop {
    /// Records a join of this loop's task at the loop that runs on this thread, if that is another
    /// one. Returns whether it is this one.
    #[inline]
    pub(super) fn note_join(&self, joined: SlotKey) -> bool {
        let is_this_loop = active_loop::with(self.index, |_| ());
        if !is_this_loop {
            self.note_join_elsewhere(joined);
        }
        is_this_loop
    }

    #[cold]
    fn note_join_elsewhere(&self, joined: SlotKey) {
        active_loop::with_any(|active| {
            let mut joins = active.joins_elsewhere.borrow_mut();
            if joins.len() == joins.capacity() {
                joins.retain(|join| active.joins(join).is_some());
            }
            joins.push((self.this.clone(), joined));
        });
    }

    /// Returns the tasks of other loops for which tasks of this loop wait.
    pub(super) fn joined_elsewhere(&self) -> Vec<Label> {
        let joins = self.joins_elsewhere.borrow();
        let mut labels: Vec<_> = joins.iter().filter_map(|join| self.joins(join)).collect();
        // A task is recorded again at each spurious resume.
        labels.sort_by_key(|label| label.id);
        labels.dedup();
        labels
    }

    /// Returns the label of a joined task, if a task of this loop still waits for its end.
    fn joins(&self, (other, joined): &(Weak<Loop>, SlotKey)) -> Option<Label> {
        let other = other.upgrade()?;
        let state = other.state.borrow();
        let joiner = state.slots.joiner(*joined)?;
        let is_of_this_loop = integer_waker::event_loop(joiner.as_waker()) == Some(self.index);
        is_of_this_loop.then(|| state.slots.label(joined.slot()))
    }
}
