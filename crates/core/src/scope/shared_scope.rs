//! [`SharedScope`]: the state of a scope, as its handles, children and leaves share it. It also
//! cancels the children: one after another, in the order of their spawns.

use std::{cell::RefCell, ops::Bound, rc::Rc, time::Duration};

use super::{
    scope_error::{CancelReason, CancelledChild, ChildFailure},
    state::{ChildNumber, OnFailure, Results, ScopeState, Stage},
};
use crate::{JoinHandle, inspect::Object, sync::deferred::update};

/// The state of a scope. Clones share it.
pub(super) struct SharedScope<T, E> {
    pub(super) state: Rc<RefCell<ScopeState<T, E>>>,
}

/// Ends the scope when it is dropped. There is one for each scope.
pub(super) struct ScopeOwner<T, E> {
    pub(super) scope: SharedScope<T, E>,
}

impl<T, E> Drop for ScopeOwner<T, E> {
    /// Cancels all children at once, also shielded ones.
    fn drop(&mut self) {
        self.scope.cancel_for(CancelReason::Dropped, Stage::AtOnce);
        self.scope.end();
        drop(self.scope.take_results());
    }
}

impl<T, E> SharedScope<T, E> {
    pub(super) fn new(object: Object) -> Self {
        Self { state: Rc::new(RefCell::new(ScopeState::new(object))) }
    }

    /// Cancels the scope, unless it is at this stage already. The first reason counts.
    ///
    /// The children that must end are cancelled one after another. Nothing is borrowed meanwhile,
    /// because their destructors are user code. A child that is running is dropped at its next
    /// suspension.
    pub(super) fn cancel_for(&self, reason: CancelReason, stage: Stage) {
        let is_new = update(self.state.borrow_mut(), |state, deferred| {
            let is_new = state.stage < stage;
            if is_new {
                state.stage = stage;
                state.reason.get_or_insert(reason);
                state.cancelled.notify_and_remove_from(0, deferred);
                deferred.wake_later(state.keeper.waker.take());
            }
            is_new
        });
        if is_new {
            self.cancel_children(stage);
        }
    }

    /// Cancels the children that are left when all others have ended, without a reason.
    pub(super) fn end(&self) {
        let keeper = update(self.state.borrow_mut(), |state, deferred| {
            state.stage = Stage::AtOnce;
            state.cancelled.notify_and_remove_from(0, deferred);
            state.next.notify_and_remove_from(0, deferred);
            deferred.drop_later(state.keeper.waker.take());
            state.keeper.handle.take()
        });
        if let Some(keeper) = keeper {
            keeper.cancel();
        }
        self.cancel_children(Stage::AtOnce);
    }

    fn cancel_children(&self, stage: Stage) {
        let mut last = 0;
        while let Some((number, handle)) = self.take_next_to_cancel(last, stage) {
            self.cancel_child(number, handle);
            last = number;
        }
    }

    /// Returns the first child after the last one that must end at this stage.
    fn take_next_to_cancel(
        &self,
        last: ChildNumber,
        stage: Stage,
    ) -> Option<(ChildNumber, JoinHandle<()>)> {
        let mut state = self.state.borrow_mut();
        let mut after = state.children.range_mut((Bound::Excluded(last), Bound::Unbounded));
        after.find_map(|(number, child)| {
            let must_end = child.must_end(stage) && !child.is_cancelled;
            let handle = must_end.then(|| child.handle.take()).flatten()?;
            child.is_cancelled = true;
            Some((*number, handle))
        })
    }

    /// Cancels a child whose shield has come to its end.
    pub(super) fn cancel_shielded(&self, number: ChildNumber) {
        let mut state = self.state.borrow_mut();
        let child = state.children.get_mut(&number).filter(|child| !child.is_cancelled);
        let handle = child.and_then(|child| {
            child.is_cancelled = true;
            child.handle.take()
        });
        drop(state);
        if let Some(handle) = handle {
            self.cancel_child(number, handle);
        }
    }

    fn cancel_child(&self, number: ChildNumber, handle: JoinHandle<()>) {
        let waited_for = handle.note();
        let mut state = self.state.borrow_mut();
        // A child in the background is cancelled in the end in any case.
        if let Some(child) = state.children.get(&number).filter(|child| child.is_awaited) {
            let child = child.label();
            state.results.cancelled.push(CancelledChild { child, waited_for });
        }
        drop(state);
        handle.cancel();
        // A child that is running lives on until its next suspension.
        let mut state = self.state.borrow_mut();
        let unused = match state.children.get_mut(&number) {
            Some(child) => child.handle.replace(handle),
            None => Some(handle),
        };
        drop(state);
        drop(unused);
    }

    /// The child has room. From now on, it may go on for this long after a cancel.
    pub(super) fn child_starts(&self, number: ChildNumber, shield: Option<Duration>) {
        let mut state = self.state.borrow_mut();
        state.waiting -= 1;
        if let Some(child) = state.children.get_mut(&number) {
            child.has_room = true;
            child.shield = shield;
        }
    }

    /// A child has ended, and its destructors have run. A failure cancels the others, or is passed
    /// to `on_failure`. `outcome` is `None` if the child was cancelled.
    pub(super) fn child_has_ended(
        &self,
        number: ChildNumber,
        outcome: Option<Result<Option<T>, ChildFailure<E>>>,
        on_failure: Option<OnFailure<E>>,
    ) {
        let (handle, error) = update(self.state.borrow_mut(), |state, deferred| {
            state.remove(number, outcome, deferred)
        });
        drop(handle);
        match (error, on_failure) {
            (None, _) => {}
            (Some(error), Some(report)) => report(error),
            (Some(error), None) => {
                self.state.borrow_mut().results.errors.push(error);
                self.cancel_for(CancelReason::ChildFailed, Stage::Shielded);
            }
        }
    }

    /// Takes the results of the children that have ended.
    pub(super) fn take_results(&self) -> Results<T, E> {
        std::mem::take(&mut self.state.borrow_mut().results)
    }
}

impl<T, E> Clone for SharedScope<T, E> {
    fn clone(&self) -> Self {
        Self { state: Rc::clone(&self.state) }
    }
}
