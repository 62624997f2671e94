//! One step of one task: how it is started, suspended, ended and cancelled.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::Waker,
    time::Instant,
};

use quadrivium_core::{
    Context, JoinError, JoinHandle, Step, Task, Wait, fairness,
    host::{HostedTask, Joined},
};

use crate::{
    RunError,
    shared::{Shared, State},
    slots::{Outcome, Stage},
    trace::EventKind,
    waker::{self, Key},
};

impl Shared {
    /// Takes the next task of this turn out of its slot, passing over those that were cancelled
    /// since they became ready.
    #[inline]
    pub(crate) fn start(&self) -> Option<(Key, HostedTask)> {
        let mut state = self.state.borrow_mut();
        let State { slots, ready, .. } = &mut *state;
        loop {
            let key = ready.take()?;
            let slot = slots.at(key).filter(|slot| slot.stage == Stage::Ready);
            if let Some(slot) = slot {
                slot.stage = Stage::Running;
                let body = slot.body.take().expect("a ready task has its body");
                return Some((key, body));
            }
        }
    }

    /// Resumes a task, and does what comes of it.
    #[inline]
    pub(crate) fn step(&self, key: Key, mut body: HostedTask) {
        self.note(key.slot(), EventKind::Resumed);
        self.running.set(Some(key));
        fairness::begin_step();
        let waker = waker::waker(key);
        let mut output = None;
        let resume = || body.as_mut().resume_hosted(&mut Context::new(&waker), &mut output);
        match catch_unwind(AssertUnwindSafe(resume)) {
            Ok(Some(wait)) => self.suspend(key, body, wait),
            Ok(None) => self.end(key, body, output.ok_or_else(no_output)),
            Err(payload) => self.end(key, body, Err(JoinError::panicked(payload))),
        }
        self.running.set(None);
        self.show_trace();
    }

    /// Puts a task back that waits.
    fn suspend(&self, key: Key, body: HostedTask, wait: Wait) {
        if self.tracing.get() {
            self.note(key.slot(), EventKind::Suspended(self.waiting(&wait)));
        }
        let deadline = self.deadline(&wait);
        let mut state = self.state.borrow_mut();
        let State { slots, ready, timers, .. } = &mut *state;
        let slot = slots.slot(key.slot());
        let stage = match (slot.stage, &wait) {
            (Stage::Cancelled, _) => {
                drop(state);
                return self.end(key, body, Err(JoinError::Cancelled));
            }
            (Stage::Running, Wait::Until(_) | Wait::Wake) => Stage::Suspended,
            (Stage::Running, Wait::Ready) => Stage::SuspendedUntilReady,
            // Woken while it ran, or it lets the others run.
            (_, _) => Stage::Ready,
        };
        slot.body = Some(body);
        slot.stage = stage;
        if stage == Stage::Ready {
            ready.push(key);
        }
        if slot.is_armed || deadline.is_some() {
            slot.is_armed = deadline.is_some();
            timers.set(key.slot(), deadline);
        }
        if stage == Stage::SuspendedUntilReady {
            slots.waits_for_source();
        }
    }

    /// The deadline of a wait, unless it is so far that it never comes.
    fn deadline(&self, wait: &Wait) -> Option<u64> {
        match wait {
            Wait::Until(deadline) => {
                self.clock.nanos(*deadline).or_else(|| self.beyond_the_clock(*deadline))
            }
            Wait::Turn | Wait::Ready | Wait::Wake => None,
        }
    }

    /// A deadline beyond what the clock can count to never comes, unless time itself is beyond it, too,
    /// and the deadline has passed. One that a new loop would reach is noted for the deadlock.
    #[cold]
    fn beyond_the_clock(&self, deadline: Instant) -> Option<u64> {
        let left = deadline.saturating_duration_since(self.clock.now());
        if left.is_zero() {
            return Some(u64::MAX);
        }
        if u64::try_from(left.as_nanos()).is_ok() {
            self.time_is_used_up.set(true);
        }
        None
    }

    /// Drops a task and tells who waits for it what it has come to.
    #[inline(never)]
    fn end(&self, key: Key, body: HostedTask, joined: Joined) {
        // The destructors run first: who sees the task ended may rely on them.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(body)));
        let joined = match dropped {
            Ok(()) => joined,
            Err(payload) => {
                drop_unread(joined);
                Err(JoinError::panicked(payload))
            }
        };
        self.note(
            key.slot(),
            match &joined {
                Ok(_) => EventKind::Done,
                Err(JoinError::Cancelled) => EventKind::Cancelled,
                Err(JoinError::Panicked(_)) => EventKind::Panicked,
            },
        );
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.slots.slot(key.slot()).is_armed) {
            state.timers.set(key.slot(), None);
        }
        let ended = state.slots.end(key, joined);
        drop(state);
        match ended {
            // It may be somebody else's, and then it may panic: that is no affair of this loop.
            Outcome::Joiner(waker) => contain(|| waker.wake()),
            Outcome::Joined(unread) => drop_unread(unread),
            Outcome::Nobody | Outcome::Detached => {}
        }
    }

    pub(crate) fn cancel_task(&self, key: Key) {
        let mut state = self.state.borrow_mut();
        let Some(slot) = state.slots.at(key) else { return };
        match slot.stage {
            Stage::Ready | Stage::Suspended | Stage::SuspendedUntilReady => {
                // From here on it cannot be resumed, woken or cancelled again.
                let former = std::mem::replace(&mut slot.stage, Stage::Ended);
                let body = slot.body.take().expect("a task that does not run has its body");
                if former == Stage::SuspendedUntilReady {
                    state.slots.has_waited_for_source();
                }
                drop(state);
                self.end(key, body, Err(JoinError::Cancelled));
            }
            Stage::Running | Stage::Woken => slot.stage = Stage::Cancelled,
            Stage::Cancelled | Stage::Ended | Stage::Free => {}
        }
    }

    /// What a task that was blocked on came to.
    pub(crate) fn output<T: 'static>(&self, handle: JoinHandle<T>) -> Result<T, RunError> {
        let mut handle = handle;
        // Nobody is there to give way to.
        fairness::begin_step();
        match Pin::new(&mut handle).resume(&mut Context::new(Waker::noop())) {
            Step::Done(joined) => joined.map_err(RunError::Task),
            Step::Suspended(_) => Err(RunError::Task(JoinError::Cancelled)),
        }
    }
}

/// What a hand-written [`Hosted`](quadrivium_core::host::Hosted) comes to that breaks its contract.
#[cold]
fn no_output() -> JoinError {
    JoinError::panicked(Box::new("a hosted task that waits for nothing must have put an output"))
}

/// Drops what nobody will read.
pub(crate) fn drop_unread(joined: Joined) {
    contain(|| drop(joined));
}

/// Runs code that may panic where nobody can be told. The payload may panic when it is dropped, and
/// so may that one's: it is leaked.
pub(crate) fn contain(something: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(something)) {
        std::mem::forget(payload);
    }
}
