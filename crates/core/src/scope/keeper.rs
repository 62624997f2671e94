//! [`Keeper`]: the task that keeps the times of a scope, and that cancels it for other threads.
//!
//! A scope has a keeper only if it has a deadline, a shielded child with a limit, or a
//! [`ScopeCanceller`]. So a deadline passes while the parent does something else, too.

use std::{panic::Location, pin::Pin, sync::Arc, time::Instant};

use super::{
    remote_cancel::ScopeCanceller,
    scope_error::CancelReason,
    shared_scope::SharedScope,
    state::{ChildNumber, ScopeState, Stage},
};
use crate::{
    Context, JoinHandle, LocalWaker, Step, Task, Wait, host,
    inspect::{LeafKind, note},
    sync::deferred::{update, update_with},
};

/// Cancels a scope when its deadline passes, or when another thread has requested it. Also cancels
/// shielded children at the end of their limits.
pub(super) struct Keeper<T, E> {
    scope: SharedScope<T, E>,
    made_at: &'static Location<'static>,
}

/// What a keeper must do now.
enum Due {
    CancelScope(CancelReason),
    CancelChild(ChildNumber),
    /// Nothing, until this time or until a wake.
    Nothing(Option<Instant>),
}

impl<T, E> Task for Keeper<T, E> {
    type Output = ();

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let deadline = loop {
            match self.next_due(cx) {
                Due::CancelScope(reason) => self.scope.cancel_for(reason, Stage::Shielded),
                Due::CancelChild(number) => self.scope.cancel_shielded(number),
                Due::Nothing(deadline) => break deadline,
            }
        };
        note(LeafKind::Sleep, Some(self.made_at), self.scope.state.borrow().object.number());
        Step::Suspended(deadline.map_or(Wait::Wake, Wait::Until))
    }
}

impl<T, E> Keeper<T, E> {
    /// Returns what is due. Leaves the waker first, so that no change is missed.
    fn next_due(&self, cx: &Context<'_>) -> Due {
        let remote = self.scope.state.borrow().keeper.remote.clone();
        if let Some(reason) = remote.and_then(|remote| remote.take(cx.waker())) {
            return Due::CancelScope(reason);
        }
        let (now, waker): (_, LocalWaker) = (cx.now(), cx.local_waker());
        update_with(waker, self.scope.state.borrow_mut(), |state, deferred| {
            deferred.store_own(&mut state.keeper.waker);
            state.next_due(now)
        })
    }
}

impl<T, E> ScopeState<T, E> {
    fn next_due(&mut self, now: Instant) -> Due {
        match self.stage {
            Stage::Open => match self.deadline {
                Some(deadline) if deadline <= now => Due::CancelScope(CancelReason::DeadlinePassed),
                deadline => Due::Nothing(deadline),
            },
            Stage::Shielded => self.next_shield_end(now),
            Stage::AtOnce => Due::Nothing(None),
        }
    }

    /// The limits of shielded children count from the keeper's first step after the cancel. The
    /// cancel itself may come from a place without a clock.
    fn next_shield_end(&mut self, now: Instant) -> Due {
        let since = *self.keeper.cancelled_at.get_or_insert(now);
        let left = self.children.iter().filter(|(_, child)| !child.is_cancelled);
        let ends = left.filter_map(|(number, child)| {
            since.checked_add(child.shield?).map(|end| (end, *number))
        });
        match ends.min() {
            Some((end, number)) if end <= now => Due::CancelChild(number),
            first => Due::Nothing(first.map(|(end, _)| end)),
        }
    }
}

impl<T: 'static, E: 'static> SharedScope<T, E> {
    /// Spawns the keeper, unless the scope has one.
    pub(super) fn ensure_keeper(&self, made_at: &'static Location<'static>) {
        let state = self.state.borrow();
        let is_needed = state.keeper.handle.is_none() && state.stage == Stage::Open;
        drop(state);
        if !is_needed {
            return;
        }
        let keeper = Keeper { scope: self.clone(), made_at };
        let handle = JoinHandle::spawn(host::expect_current(), keeper, Some("scope"), made_at);
        self.state.borrow_mut().keeper.handle = Some(handle);
    }
}

impl<T, E> SharedScope<T, E> {
    pub(super) fn remote_canceller(&self) -> ScopeCanceller {
        let mut state = self.state.borrow_mut();
        let remote = Arc::clone(state.keeper.remote.get_or_insert_default());
        drop(state);
        self.wake_keeper();
        ScopeCanceller::new(remote)
    }

    pub(super) fn wake_keeper(&self) {
        update(self.state.borrow_mut(), |state, deferred| {
            deferred.wake_later(state.keeper.waker.take());
        });
    }
}
