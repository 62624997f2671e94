//! [`ScopeHandle`]: spawns children in a scope, and cancels it.

use std::{
    borrow::Cow,
    fmt,
    panic::Location,
    time::{Duration, Instant},
};

use super::{
    child_builder::ChildBuilder,
    leaves::{CancelWhen, Cancelled, NextValue, Room},
    remote_cancel::ScopeCanceller,
    scope_error::CancelReason,
    shared_scope::SharedScope,
    state::Stage,
};
use crate::{
    Task, host,
    inspect::{Object, ObjectKind},
    sync::Semaphore,
};

/// Spawns children in a scope, and cancels it. Clones belong to the same scope.
///
/// A handle does not keep the scope open: after its end, `spawn` drops the task.
pub struct ScopeHandle<T, E> {
    pub(super) shared: SharedScope<T, E>,
}

impl<T, E> ScopeHandle<T, E> {
    #[track_caller]
    pub(super) fn new() -> Self {
        let object = Object::new(ObjectKind::Scope, Location::caller());
        Self { shared: SharedScope::new(object) }
    }

    pub(super) fn rename(&self, name: &str) {
        self.shared.state.borrow().object.rename(name);
    }

    #[track_caller]
    pub(super) fn limit(&self, n: usize) {
        let room = Semaphore::new(n);
        self.shared.state.borrow_mut().room = Some(room);
    }

    /// Cancels the children. Those that are not [shielded](ChildBuilder::shielded) are dropped, in
    /// the order in which they were spawned, and their destructors have run when this returns. From
    /// now on no child is spawned. The first reason counts, and [`join`](super::Scope::join)
    /// returns it.
    ///
    /// A child may cancel its own scope. It is then dropped at its next suspension, unless it ends
    /// before. The parent is not cancelled: it gets the reason when it joins.
    #[track_caller]
    pub fn cancel(&self, why: impl Into<Cow<'static, str>>) {
        let reason = CancelReason::Requested { why: why.into(), at: Location::caller() };
        self.shared.cancel_for(reason, Stage::Shielded);
    }

    /// Like [`cancel`](ScopeHandle::cancel), with a reason that names another line than this one.
    /// It is for a task that cancels for the code that has made the task.
    pub fn cancel_for(&self, reason: CancelReason) {
        self.shared.cancel_for(reason, Stage::Shielded);
    }

    /// Like [`cancel`](ScopeHandle::cancel), but cancels the shielded children too. It may follow a
    /// plain cancel, such as the second Ctrl-C of an impatient user.
    #[track_caller]
    pub fn cancel_at_once(&self, why: impl Into<Cow<'static, str>>) {
        let reason = CancelReason::Requested { why: why.into(), at: Location::caller() };
        self.shared.cancel_for(reason, Stage::AtOnce);
    }

    /// Returns why the scope was cancelled. `None` if it was not.
    pub fn reason(&self) -> Option<CancelReason> {
        self.shared.state.borrow().reason.clone()
    }

    /// Returns whether the scope was cancelled or has ended, so that no child can be spawned.
    pub fn is_closed(&self) -> bool {
        self.shared.state.borrow().stage > Stage::Open
    }

    /// Returns the number of children that have not ended.
    pub fn len(&self) -> usize {
        self.shared.state.borrow().children.len()
    }

    /// Returns whether all children have ended, or none was spawned.
    pub fn is_empty(&self) -> bool {
        self.shared.state.borrow().children.is_empty()
    }

    /// Returns the time at which the scope is cancelled, if it has a deadline.
    pub fn deadline(&self) -> Option<Instant> {
        self.shared.state.borrow().deadline
    }

    /// Removes the deadline.
    pub fn no_deadline(&self) {
        self.shared.state.borrow_mut().deadline = None;
        self.shared.wake_keeper();
    }
}

impl<T: 'static, E: 'static> ScopeHandle<T, E> {
    /// Spawns a task as a child. If the scope was cancelled or has ended, the task is dropped.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn spawn<C>(&self, task: C)
    where
        C: Task<Output = Result<T, E>> + 'static,
    {
        self.child().spawn(task);
    }

    /// Begins to spawn a child with a name, with a shield, in the background, or from elsewhere.
    ///
    /// ```
    /// use quadrivium::{prelude::*, scope::{CancelReason, Scope}};
    /// use std::time::Duration;
    ///
    /// let program = future(async {
    ///     let scope = Scope::<(), String>::new();
    ///     let answers = || future(async {
    ///         sleep(Duration::from_secs(2)).await;
    ///         Ok(())
    ///     });
    ///     scope.child().named("request").shielded(Duration::from_secs(10)).spawn(answers());
    ///     scope.child().named("accepting").spawn(answers());
    ///     turn().await;
    ///     scope.cancel("no more requests");
    ///     scope.join().await.unwrap_err()
    /// });
    /// let error = EventLoop::with_virtual_clock()?.block_on(program)?;
    /// // The request has ended by itself.
    /// assert_eq!(error.cancelled.len(), 1);
    /// assert_eq!(error.cancelled[0].child.name.as_deref(), Some("accepting"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn child(&self) -> ChildBuilder<'_, T, E> {
        ChildBuilder::new(&self.shared)
    }

    /// Cancels the scope when `task` is done. So one line connects a signal, a message or the end
    /// of another task to a scope. The task runs in the background: it does not keep the scope
    /// open.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn cancel_when<C>(&self, task: C, why: impl Into<Cow<'static, str>>)
    where
        C: Task + 'static,
    {
        let reason = CancelReason::Requested { why: why.into(), at: Location::caller() };
        self.child().spawn_background(CancelWhen::new(task, self.shared.clone(), reason));
    }

    /// Returns a handle that cancels the scope from any thread.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn canceller(&self) -> ScopeCanceller {
        self.shared.ensure_keeper(Location::caller());
        self.shared.remote_canceller()
    }

    /// Sets the time at which the scope is cancelled, in place of the former one. A child may move
    /// it, too. It also passes while the parent does something else than to join.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn deadline_at(&self, deadline: Instant) {
        self.shared.state.borrow_mut().deadline = Some(deadline);
        self.shared.ensure_keeper(Location::caller());
        self.shared.wake_keeper();
    }

    /// Sets the deadline to this long after now. A time beyond the clock's range is no deadline.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn deadline_in(&self, duration: Duration) {
        match host::now().checked_add(duration) {
            Some(deadline) => self.deadline_at(deadline),
            None => self.no_deadline(),
        }
    }

    /// Waits for the next child that ends with a value, and returns the value. Values come in the
    /// order in which the children end. Returns `None` when no value is left and no child is left
    /// for which the scope waits.
    ///
    /// A failed child gives no value. Its error is part of the error of
    /// [`join`](super::Scope::join).
    #[track_caller]
    pub fn next(&self) -> NextValue<T, E> {
        NextValue::new(self.shared.clone())
    }

    /// Waits until a child could start at once. It is for a task that spawns a child for each
    /// connection or message, so that the children that wait do not become too many.
    #[expect(clippy::manual_map, reason = "a closure does not pass on the calling line")]
    #[track_caller]
    pub fn room(&self) -> Room {
        let room = self.shared.state.borrow().room.clone();
        Room::new(match room {
            Some(room) => Some(room.acquire()),
            None => None,
        })
    }
}

impl<T, E> ScopeHandle<T, E> {
    /// Waits until the scope is cancelled, and returns the reason. A shielded child waits for this
    /// beside its work, to end soon. If the scope ends without a cancel, this returns
    /// [`CancelReason::Ended`].
    #[track_caller]
    pub fn cancelled(&self) -> Cancelled<T, E> {
        Cancelled::new(self.shared.clone())
    }
}

impl<T, E> Clone for ScopeHandle<T, E> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T, E> fmt::Debug for ScopeHandle<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.borrow();
        f.debug_struct("ScopeHandle")
            .field("stage", &state.stage)
            .field("children", &state.children.len())
            .finish_non_exhaustive()
    }
}
