//! Who makes a task ready: another task, a deadline, another thread.

use crate::{
    mailbox::{Mail, Post},
    shared::{Shared, State},
    slots::Stage,
    step::contain,
    trace::{By, EventKind},
    waker::Key,
};

impl Shared {
    /// Makes a suspended task ready; one that runs will be when it suspends.
    #[inline]
    pub(crate) fn wake(&self, key: Key) {
        let by = match self.running.get() {
            Some(_) if !self.tracing.get() => By::Outside,
            Some(running) => By::Task(self.state.borrow().slots.id(running.slot())),
            None if self.is_reacting.get() => By::Reactor,
            None => By::Outside,
        };
        self.wake_by(key, by);
    }

    pub(crate) fn wake_by(&self, key: Key, by: By) {
        let mut state = self.state.borrow_mut();
        let State { slots, ready, .. } = &mut *state;
        let Some(slot) = slots.at(key) else { return };
        match slot.stage {
            Stage::Suspended => {
                slot.stage = Stage::Ready;
                ready.push(key);
            }
            Stage::SuspendedUntilReady => {
                slot.stage = Stage::Ready;
                ready.push(key);
                slots.has_waited_for_source();
            }
            Stage::Running => slot.stage = Stage::Woken,
            Stage::Woken | Stage::Cancelled | Stage::Ready | Stage::Ended | Stage::Free => return,
        }
        drop(state);
        self.note(key.slot(), EventKind::Woken(by));
    }

    pub(crate) fn wake_due(&self) {
        if self.state.borrow().timers.is_empty() {
            return;
        }
        let now = self.clock.nanos(self.clock.now()).unwrap_or(u64::MAX);
        loop {
            let mut state = self.state.borrow_mut();
            let Some(slot) = state.timers.pop_due(now) else { return };
            state.slots.slot(slot).is_armed = false;
            let key = state.slots.key(slot);
            drop(state);
            self.wake_by(key, By::Timer);
        }
    }

    pub(crate) fn read(&self, mail: Mail) {
        self.state.borrow_mut().escaped |= mail.escaped;
        if mail.stop {
            self.stopped.set(true);
        }
        for post in mail.posts {
            match post {
                Post::Wake(key) => self.wake_by(key, By::Outside),
                Post::Cancel(key) => self.cancel_task(key),
                // It may drop what others have left with it.
                Post::Run(errand) => contain(errand),
            }
        }
    }

    pub(crate) fn waker_escapes(&self, key: Key) {
        self.state.borrow_mut().slots.escape(key);
    }
}
