//! [`ChildBuilder`]: how a child is to be spawned.

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use super::{
    child_task::{ChildTask, Start, ToValue},
    remote_child::RemoteChild,
    scope_error::{ChildError, ChildFailure},
    shared_scope::SharedScope,
    state::{ChildNumber, LiveChild, OnFailure, Stage},
};
use crate::{
    JoinError, JoinHandle, Task,
    host::{self, TaskId},
    remote_task::RemoteHandle,
};

/// How a child is to be spawned: with a name, shielded, or in the background. Made by
/// [`ScopeHandle::child`](super::ScopeHandle::child).
#[must_use = "spawn a task with it"]
pub struct ChildBuilder<'a, T, E> {
    scope: &'a SharedScope<T, E>,
    name: Option<&'a str>,
    shield: Option<Duration>,
    on_failure: Option<OnFailure<E>>,
}

impl<'a, T: 'static, E: 'static> ChildBuilder<'a, T, E> {
    pub(super) fn new(scope: &'a SharedScope<T, E>) -> Self {
        Self { scope, name: None, shield: None, on_failure: None }
    }

    /// Gives the task a name, as [`spawn_named`](crate::spawn_named) does.
    pub fn named(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Lets the child go on for `limit` after the scope was cancelled. Then it is cancelled, too.
    ///
    /// [`cancelled`](super::ScopeHandle::cancelled) tells the child that the time runs. The limit
    /// has no effect when the scope is dropped, or is [cancelled at
    /// once](super::ScopeHandle::cancel_at_once): then a shielded child is cancelled like any
    /// other. With [`Duration::MAX`] there is no limit.
    ///
    /// A child that was cancelled before it had room to start is dropped, shielded or not.
    pub fn shielded(self, limit: Duration) -> Self {
        Self { shield: Some(limit), ..self }
    }

    /// Passes the failure of the child to a function. The scope is not cancelled then, and its
    /// error does not contain the failure. It is for children whose failures concern no other
    /// child, such as the connections of a server.
    pub fn on_failure(self, report: impl FnOnce(ChildError<E>) + 'static) -> Self {
        Self { on_failure: Some(Box::new(report)), ..self }
    }

    /// Spawns the task as a child. If the scope was cancelled or has ended, the task is dropped.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn spawn<C>(self, task: C)
    where
        C: Task<Output = Result<T, E>> + 'static,
    {
        self.spawn_as(task, true, |output| output.map(Some).map_err(ChildFailure::Error));
    }

    /// Spawns the task as a child for which the scope does not wait. It is cancelled when all other
    /// children have ended. It does not count for the [limit](super::Scope::at_most). An error or a
    /// panic cancels the scope, as with any other child.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn spawn_background<C>(self, task: C)
    where
        C: Task<Output = Result<(), E>> + 'static,
    {
        self.spawn_as(task, false, |output| output.map(|()| None).map_err(ChildFailure::Error));
    }

    /// Makes a task that runs elsewhere a child of this scope: a task of a cluster, of a guest loop
    /// or of another thread.
    ///
    /// A cancel of the scope cancels that task, and waits until it has ended there. So its
    /// destructors have run when [`join`](super::Scope::join) is done. A drop of the scope only
    /// requests the cancel, because a drop cannot wait.
    ///
    /// # Panics
    ///
    /// When no host drives this thread.
    #[track_caller]
    pub fn adopt(self, handle: RemoteHandle<Result<T, E>>) {
        let child = RemoteChild::new(handle, self.scope.clone());
        let this = Self { shield: self.shield.or(Some(Duration::MAX)), ..self };
        this.spawn_as(child, true, |output| match output {
            Ok(output) => output.map(Some).map_err(ChildFailure::Error),
            Err(JoinError::Panicked(payload)) => Err(ChildFailure::Panicked(payload)),
            Err(JoinError::Cancelled) => Err(ChildFailure::Cancelled),
        });
    }

    #[track_caller]
    fn spawn_as<C>(self, task: C, is_awaited: bool, to_value: ToValue<C, T, E>)
    where
        C: Task + 'static,
    {
        let Self { scope, name, shield, on_failure } = self;
        let spawned_at = Location::caller();
        let host = host::expect_current();
        let mut state = scope.state.borrow_mut();
        if state.stage > Stage::Open {
            drop(state);
            return drop(task);
        }
        let number = state.add(LiveChild {
            handle: None,
            id: TaskId(0),
            name: name.map(Arc::from),
            spawned_at,
            is_awaited,
            has_room: false,
            shield: None,
            is_cancelled: false,
        });
        let room = state.room.clone().filter(|_| is_awaited);
        let others_wait = state.waiting > 1;
        drop(state);
        if shield.is_some_and(|limit| limit < Duration::MAX) {
            scope.ensure_keeper(spawned_at);
        }
        // A child whose task has not been resumed has no place among the waiting tasks yet. It
        // comes first nevertheless.
        let start = match room {
            None => Start::HasRoom(None),
            Some(room) if others_wait => Start::Waits(room.acquire(), shield),
            Some(room) => match room.try_acquire() {
                Ok(permit) => Start::HasRoom(Some(permit)),
                Err(_) => Start::Waits(room.acquire(), shield),
            },
        };
        if let Start::HasRoom(_) = start {
            scope.child_starts(number, shield);
        }
        let task = ChildTask::new(scope.clone(), number, task, start, to_value, on_failure);
        let handle = JoinHandle::spawn(host, task, name, spawned_at);
        scope.keep_handle(number, handle);
    }
}

impl<T, E> SharedScope<T, E> {
    /// Keeps the handle of a child that was spawned. A loop that is being dropped has dropped the
    /// child already.
    fn keep_handle(&self, number: ChildNumber, handle: JoinHandle<()>) {
        let mut state = self.state.borrow_mut();
        let unused = match state.children.get_mut(&number) {
            Some(child) => {
                child.id = handle.id();
                child.handle.replace(handle)
            }
            None => Some(handle),
        };
        drop(state);
        drop(unused);
    }
}

impl<T, E> fmt::Debug for ChildBuilder<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, shield, .. } = self;
        f.debug_struct("ChildBuilder")
            .field("name", name)
            .field("shield", shield)
            .finish_non_exhaustive()
    }
}
