//! [`ScopeState`]: the children of a scope that have not ended, and the results of those that have.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::Location,
    sync::Arc,
    task::Waker,
    time::{Duration, Instant},
};

use super::{
    remote_cancel::RemoteCancel,
    scope_error::{CancelReason, CancelledChild, ChildError, ChildFailure},
};
use crate::{
    JoinHandle,
    host::{Label, TaskId},
    inspect::Object,
    sync::{Semaphore, deferred::Deferred, wait_queue::WaitQueue},
};

/// What a scope knows. No user code runs while it is borrowed.
pub(super) struct ScopeState<T, E> {
    pub(super) stage: Stage,
    /// Why the scope was cancelled.
    pub(super) reason: Option<CancelReason>,
    /// The children that have not ended, in the order in which they were spawned.
    pub(super) children: BTreeMap<ChildNumber, LiveChild>,
    pub(super) spawned: ChildNumber,
    /// The number of those children for which the scope waits.
    awaited: usize,
    /// The number of those children that have no room yet.
    pub(super) waiting: usize,
    pub(super) results: Results<T, E>,
    /// Has a permit for each child that may run at once, if there is a limit.
    pub(super) room: Option<Semaphore>,
    pub(super) deadline: Option<Instant>,
    pub(super) keeper: KeeperState,
    /// The leaves that wait for the end of all children, for the next value, and for a cancel.
    pub(super) joined: WaitQueue,
    pub(super) next: WaitQueue,
    pub(super) cancelled: WaitQueue,
    pub(super) object: Object,
}

/// The number of a child in its scope, counted from 1 in the order of spawning.
pub(super) type ChildNumber = u64;

/// How far the end of a scope has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Children may be spawned.
    Open,
    /// Cancelled: only shielded children are left.
    Shielded,
    /// No child may go on.
    AtOnce,
}

/// A child that has not ended.
pub(super) struct LiveChild {
    /// `None` while the child is being spawned or cancelled.
    pub(super) handle: Option<JoinHandle<()>>,
    pub(super) id: TaskId,
    pub(super) name: Option<Arc<str>>,
    pub(super) spawned_at: &'static Location<'static>,
    pub(super) is_awaited: bool,
    pub(super) has_room: bool,
    /// For how long it may go on after a cancel.
    pub(super) shield: Option<Duration>,
    pub(super) is_cancelled: bool,
}

/// Takes the failure of a child, which then does not cancel the scope.
pub(super) type OnFailure<E> = Box<dyn FnOnce(ChildError<E>)>;

/// What has become of the children that have ended.
pub(super) struct Results<T, E> {
    /// The values, in the order in which the children have ended.
    values: VecDeque<T>,
    /// The numbers of their children. Empty if the values have no size: their order cannot be
    /// observed then, and a server with a million children keeps nothing for each.
    numbers: VecDeque<ChildNumber>,
    pub(super) errors: Vec<ChildError<E>>,
    pub(super) cancelled: Vec<CancelledChild>,
}

/// What belongs to the keeper of the scope, the task that keeps its times.
#[derive(Default)]
pub(super) struct KeeperState {
    pub(super) handle: Option<JoinHandle<()>>,
    pub(super) waker: Option<Waker>,
    pub(super) remote: Option<Arc<RemoteCancel>>,
    /// When the keeper has seen that the scope is cancelled.
    pub(super) cancelled_at: Option<Instant>,
}

impl<T, E> ScopeState<T, E> {
    pub(super) fn new(object: Object) -> Self {
        Self {
            stage: Stage::Open,
            reason: None,
            children: BTreeMap::new(),
            spawned: 0,
            awaited: 0,
            waiting: 0,
            results: Results::default(),
            room: None,
            deadline: None,
            keeper: KeeperState::default(),
            joined: WaitQueue::default(),
            next: WaitQueue::default(),
            cancelled: WaitQueue::default(),
            object,
        }
    }

    /// Adds a child that is about to be spawned.
    pub(super) fn add(&mut self, child: LiveChild) -> ChildNumber {
        self.awaited += usize::from(child.is_awaited);
        self.waiting += 1;
        self.spawned += 1;
        self.children.insert(self.spawned, child);
        self.spawned
    }

    /// Removes a child that has ended, and keeps its value. Returns its handle and its error. A
    /// child without an outcome was cancelled; that is a failure unless its scope has cancelled it.
    pub(super) fn remove(
        &mut self,
        number: ChildNumber,
        outcome: Option<Result<Option<T>, ChildFailure<E>>>,
        deferred: &mut Deferred,
    ) -> (Option<JoinHandle<()>>, Option<ChildError<E>>) {
        let Some(child) = self.children.remove(&number) else { return (None, None) };
        let outcome = match outcome {
            Some(outcome) => outcome,
            None if child.is_cancelled => Ok(None),
            None => Err(ChildFailure::Cancelled),
        };
        let error = match outcome {
            Ok(Some(value)) => {
                self.results.add(number, value);
                None
            }
            Ok(None) => None,
            Err(failure) => Some(ChildError { child: child.label(), failure }),
        };
        self.awaited -= usize::from(child.is_awaited);
        self.waiting -= usize::from(!child.has_room);
        if self.awaited == 0 {
            self.joined.notify_and_remove_from(0, deferred);
        }
        self.next.notify_and_remove_from(0, deferred);
        (child.handle, error)
    }

    /// Returns whether all children have ended for which the scope waits.
    pub(super) fn is_over(&self) -> bool {
        self.awaited == 0
    }
}

impl LiveChild {
    pub(super) fn label(&self) -> Label {
        Label { id: self.id, name: self.name.clone(), spawned_at: self.spawned_at }
    }

    /// Returns whether the child may not go on at this stage.
    pub(super) fn must_end(&self, stage: Stage) -> bool {
        match stage {
            Stage::Open => false,
            Stage::Shielded => self.shield.is_none(),
            Stage::AtOnce => true,
        }
    }
}

impl<T, E> Results<T, E> {
    fn add(&mut self, number: ChildNumber, value: T) {
        self.values.push_back(value);
        if size_of::<T>() > 0 {
            self.numbers.push_back(number);
        }
    }

    /// Takes the value of the child that has ended first.
    pub(super) fn take_first(&mut self) -> Option<T> {
        self.numbers.pop_front();
        self.values.pop_front()
    }

    /// Returns the values in the order in which the children were spawned.
    pub(super) fn in_order(self) -> Vec<T> {
        if self.numbers.is_empty() {
            return self.values.into();
        }
        let mut numbered: Vec<_> = self.numbers.into_iter().zip(self.values).collect();
        numbered.sort_unstable_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, value)| value).collect()
    }
}

impl<T, E> Default for Results<T, E> {
    fn default() -> Self {
        Self {
            values: VecDeque::new(),
            numbers: VecDeque::new(),
            errors: Vec::new(),
            cancelled: Vec::new(),
        }
    }
}
