//! [`ScopeCanceller`]: cancels a scope from any thread. It shares a [`RemoteCancel`] with the
//! keeper of the scope, which does it.

use std::{
    borrow::Cow,
    fmt, mem,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use super::scope_error::CancelReason;

/// Cancels a scope from any thread. Made by
/// [`ScopeHandle::canceller`](super::ScopeHandle::canceller).
#[derive(Clone)]
pub struct ScopeCanceller {
    remote: Arc<RemoteCancel>,
}

impl ScopeCanceller {
    pub(super) fn new(remote: Arc<RemoteCancel>) -> Self {
        Self { remote }
    }

    /// Asks for a cancel of the scope, like [`ScopeHandle::cancel`](super::ScopeHandle::cancel). It
    /// happens in the next turn of the loop. The first reason counts. A call is harmless if the
    /// scope has ended.
    #[track_caller]
    pub fn cancel(&self, why: impl Into<Cow<'static, str>>) {
        let reason = CancelReason::Requested { why: why.into(), at: Location::caller() };
        self.remote.request(reason);
    }
}

impl fmt::Debug for ScopeCanceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeCanceller").finish_non_exhaustive()
    }
}

/// What the cancellers of a scope share with its keeper.
#[derive(Default)]
pub(super) struct RemoteCancel {
    state: Mutex<RemoteState>,
}

#[derive(Default)]
enum RemoteState {
    #[default]
    NotSeen,
    /// The keeper waits.
    Waits(Waker),
    Requested(CancelReason),
    /// The keeper has seen the request.
    Seen,
}

impl RemoteCancel {
    fn request(&self, reason: CancelReason) {
        let mut state = self.state();
        if matches!(*state, RemoteState::Requested(_) | RemoteState::Seen) {
            return;
        }
        let former = mem::replace(&mut *state, RemoteState::Requested(reason));
        drop(state);
        if let RemoteState::Waits(waker) = former {
            waker.wake();
        }
    }

    /// Takes the request, if there is one. Otherwise leaves the waker.
    pub(super) fn take(&self, waker: &Waker) -> Option<CancelReason> {
        // The clone may be user code of another executor, so nothing is locked here.
        let waker = waker.clone();
        let mut state = self.state();
        let (next, unused) = match mem::take(&mut *state) {
            RemoteState::Requested(reason) => {
                *state = RemoteState::Seen;
                return Some(reason);
            }
            RemoteState::Seen => (RemoteState::Seen, Some(waker)),
            RemoteState::NotSeen => (RemoteState::Waits(waker), None),
            RemoteState::Waits(former) => (RemoteState::Waits(waker), Some(former)),
        };
        *state = next;
        drop(state);
        drop(unused);
        None
    }

    /// No user code runs under this lock, so the state is complete even if the lock is poisoned.
    fn state(&self) -> MutexGuard<'_, RemoteState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
