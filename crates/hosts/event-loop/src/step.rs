//! One step of one task: how it is started, suspended, ended and cancelled.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::Waker,
    time::Instant,
};

use quadrivium_core::{
    Context, JoinError, JoinHandle, Step, Task, Wait, fairness,
    host::{self, HostedTask, Joined},
    turn,
};

use crate::{
    RunError,
    shared::{Shared, State},
    slots::{Outcome, Stage},
    trace::EventKind,
    waker::{self, Key},
};

/// Tasks in a row that destructors may spawn on a loop that is being dropped, each in a destructor of
/// the one before. It is more than a program needs, and one that never stops is stopped.
const CHAIN: u32 = 16;

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
    pub(crate) fn end(&self, key: Key, body: HostedTask, joined: Joined) {
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
            Outcome::Joined(unread) => self.free(key, unread),
            Outcome::Nobody | Outcome::Detached => {}
        }
    }

    /// Drops what nobody will read, and then frees the slot: until then the task is known by it.
    fn free(&self, key: Key, unread: Joined) {
        drop_unread(unread);
        self.state.borrow_mut().slots.free(key);
    }

    /// Drops what a task that has ended has come to, as its own: nobody will read it.
    #[cold]
    pub(crate) fn drop_output(&self, key: Key, unread: Joined) {
        let (shared, chain) = (self.this(), self.chain.get());
        host::run_destructors(move || shared.as_the_task(key, chain, || shared.free(key, unread)));
    }

    /// Runs destructors of a task. The loop is their host, wherever this is called: outside a run, by
    /// another of its tasks, by a task of another loop.
    pub(crate) fn as_the_task(&self, key: Key, chain: u32, destructors: impl FnOnce()) {
        let _entered = self.enter();
        let outer = self.ending.replace(Some(key));
        let outer_chain = self.chain.replace(chain);
        destructors();
        self.ending.set(outer);
        self.chain.set(outer_chain);
    }

    pub(crate) fn cancel_task(&self, key: Key) {
        self.cancel_in_chain(key, self.chain.get());
    }

    fn cancel_in_chain(&self, key: Key, chain: u32) {
        let Some(body) = self.take_body(key) else { return };
        let shared = self.this();
        host::run_destructors(move || {
            let end = || shared.end(key, body, Err(JoinError::Cancelled));
            shared.as_the_task(key, chain, end);
        });
    }

    /// Takes the body of a task that is to be cancelled. One that runs keeps it until its next
    /// suspension.
    pub(crate) fn take_body(&self, key: Key) -> Option<HostedTask> {
        let mut state = self.state.borrow_mut();
        let slot = state.slots.at(key)?;
        match slot.stage {
            Stage::Ready | Stage::Suspended | Stage::SuspendedUntilReady => {
                // From here on it cannot be resumed, woken or cancelled again.
                let former = std::mem::replace(&mut slot.stage, Stage::Ended);
                let body = slot.body.take().expect("a task that does not run has its body");
                if former == Stage::SuspendedUntilReady {
                    state.slots.has_waited_for_source();
                }
                Some(body)
            }
            Stage::Running | Stage::Woken => {
                slot.stage = Stage::Cancelled;
                None
            }
            Stage::Cancelled | Stage::Ended | Stage::Free => None,
        }
    }

    /// Ends a task that a destructor has spawned on this loop, which is being dropped.
    pub(crate) fn refuse(&self, key: Key) {
        let chain = self.chain.get() + 1;
        if chain <= CHAIN {
            return self.cancel_in_chain(key, chain);
        }
        let Some(body) = self.take_body(key) else { return };
        let label = self.state.borrow().slots.label(key.slot());
        eprintln!(
            "quadrivium: a destructor has spawned {label} on a loop that is being dropped, as the \
             destructors of {CHAIN} tasks before it have, each spawned by the last; this one is \
             leaked, and its destructors never run\n  \
             remedy: in a destructor that spawns, stop when is_finished of the new handle is true at \
             once: then the loop takes no more tasks",
        );
        std::mem::forget(body);
        // A leaf ends in its place, as it has no destructor.
        self.end(key, Box::pin(turn()), Err(JoinError::Cancelled));
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
