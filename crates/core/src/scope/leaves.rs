//! The leaves of a scope: [`JoinScope`], [`NextValue`], [`Cancelled`] and [`Room`].

use std::{fmt, mem, panic::Location, pin::Pin};

use pin_project_lite::pin_project;

use super::{
    scope_error::{CancelReason, ScopeError},
    shared_scope::{ScopeOwner, SharedScope},
    state::{ScopeState, Stage},
};
use crate::{
    Context, LocalWaker, RESUMED_AFTER_DONE, Step, Task,
    inspect::{LeafKind, ObjectNumber, Style},
    sync::{
        deferred::{update, update_with},
        semaphore::Acquire,
        wait_queue::{QueuePlace, WaitQueue},
        waiter::{self, Waiter},
    },
};

/// Which queue of the scope a leaf waits in.
type QueueOf<T, E> = fn(&mut ScopeState<T, E>) -> &mut WaitQueue;

impl<T, E> SharedScope<T, E> {
    fn wait_in(
        &self,
        queue: QueueOf<T, E>,
        place: &mut QueuePlace,
        waker: LocalWaker,
    ) -> ObjectNumber {
        update_with(waker, self.state.borrow_mut(), |state, deferred| {
            queue(state).wait(place, deferred);
            state.object.number()
        })
    }

    fn leave(&self, queue: QueueOf<T, E>, place: &mut QueuePlace) {
        update(self.state.borrow_mut(), |state, deferred| {
            queue(state).leave(place, deferred);
        });
    }
}

/// A task that waits until all children of a scope have ended. Made by
/// [`Scope::join`](super::Scope::join).
#[must_use = "a task is lazy: perform it"]
pub struct JoinScope<T, E> {
    /// `None` when it is done.
    owner: Option<ScopeOwner<T, E>>,
    place: QueuePlace,
}

impl<T, E> JoinScope<T, E> {
    #[track_caller]
    pub(super) fn new(owner: ScopeOwner<T, E>) -> Self {
        Self { owner: Some(owner), place: QueuePlace::new() }
    }

    const QUEUE: QueueOf<T, E> = |state| &mut state.joined;
}

impl<T, E> Waiter for JoinScope<T, E> {
    type Output = Result<Vec<T>, ScopeError<E>>;

    const KIND: LeafKind = LeafKind::JoinScope;

    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    fn try_now(&mut self) -> Option<Self::Output> {
        let scope = &self.owner.as_ref().expect(RESUMED_AFTER_DONE).scope;
        if !scope.state.borrow().is_over() {
            return None;
        }
        // Children in the background end now. One that is running lives until it suspends.
        scope.end();
        if !scope.state.borrow().children.is_empty() {
            return None;
        }
        scope.leave(Self::QUEUE, &mut self.place);
        let mut results = scope.take_results();
        let reason = scope.state.borrow().reason.clone();
        self.owner = None;
        Some(match reason {
            None => Ok(results.in_order()),
            Some(reason) => {
                let errors = mem::take(&mut results.errors);
                let cancelled = mem::take(&mut results.cancelled);
                Err(ScopeError { reason, errors, cancelled })
            }
        })
    }

    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        let scope = &self.owner.as_ref().expect(RESUMED_AFTER_DONE).scope;
        scope.wait_in(Self::QUEUE, &mut self.place, waker)
    }
}

impl<T, E> Drop for JoinScope<T, E> {
    fn drop(&mut self) {
        if let Some(ScopeOwner { scope }) = &self.owner {
            scope.leave(Self::QUEUE, &mut self.place);
        }
    }
}

/// A task that waits for the next value of a child. Made by
/// [`ScopeHandle::next`](super::ScopeHandle::next).
#[must_use = "a task is lazy: perform it"]
pub struct NextValue<T, E> {
    scope: SharedScope<T, E>,
    place: QueuePlace,
}

impl<T, E> NextValue<T, E> {
    #[track_caller]
    pub(super) fn new(scope: SharedScope<T, E>) -> Self {
        Self { scope, place: QueuePlace::new() }
    }

    const QUEUE: QueueOf<T, E> = |state| &mut state.next;
}

impl<T, E> Waiter for NextValue<T, E> {
    type Output = Option<T>;

    const KIND: LeafKind = LeafKind::Next;

    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    fn try_now(&mut self) -> Option<Option<T>> {
        let mut state = self.scope.state.borrow_mut();
        let value = state.results.take_first();
        let is_done = value.is_some() || state.is_over();
        drop(state);
        if !is_done {
            return None;
        }
        self.scope.leave(Self::QUEUE, &mut self.place);
        Some(value)
    }

    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        self.scope.wait_in(Self::QUEUE, &mut self.place, waker)
    }
}

impl<T, E> Drop for NextValue<T, E> {
    fn drop(&mut self) {
        self.scope.leave(Self::QUEUE, &mut self.place);
    }
}

/// A task that waits until a scope is cancelled. Made by
/// [`ScopeHandle::cancelled`](super::ScopeHandle::cancelled).
#[must_use = "a task is lazy: perform it"]
pub struct Cancelled<T, E> {
    scope: SharedScope<T, E>,
    place: QueuePlace,
}

impl<T, E> Cancelled<T, E> {
    #[track_caller]
    pub(super) fn new(scope: SharedScope<T, E>) -> Self {
        Self { scope, place: QueuePlace::new() }
    }

    const QUEUE: QueueOf<T, E> = |state| &mut state.cancelled;
}

impl<T, E> Waiter for Cancelled<T, E> {
    type Output = CancelReason;

    const KIND: LeafKind = LeafKind::Cancelled;

    fn has_waited(&self) -> bool {
        self.place.has_waited()
    }

    fn line(&self) -> Option<&'static Location<'static>> {
        Some(self.place.line())
    }

    fn try_now(&mut self) -> Option<CancelReason> {
        let state = self.scope.state.borrow();
        if state.stage == Stage::Open {
            return None;
        }
        let reason = state.reason.clone().unwrap_or(CancelReason::Ended);
        drop(state);
        self.scope.leave(Self::QUEUE, &mut self.place);
        Some(reason)
    }

    fn wait(&mut self, waker: LocalWaker) -> ObjectNumber {
        self.scope.wait_in(Self::QUEUE, &mut self.place, waker)
    }
}

impl<T, E> Drop for Cancelled<T, E> {
    fn drop(&mut self) {
        self.scope.leave(Self::QUEUE, &mut self.place);
    }
}

/// A task that waits until a child could start at once. Made by
/// [`ScopeHandle::room`](super::ScopeHandle::room).
#[derive(Debug)]
#[must_use = "a task is lazy: perform it"]
pub struct Room {
    /// `None` if the scope has no limit.
    permit: Option<Acquire>,
}

impl Room {
    pub(super) fn new(permit: Option<Acquire>) -> Self {
        Self { permit }
    }
}

pin_project! {
    /// A task that cancels a scope when another task is done.
    pub(super) struct CancelWhen<C, T, E> {
        #[pin]
        task: C,
        scope: SharedScope<T, E>,
        reason: Option<CancelReason>,
    }
}

impl<C, T, E> CancelWhen<C, T, E> {
    pub(super) fn new(task: C, scope: SharedScope<T, E>, reason: CancelReason) -> Self {
        Self { task, scope, reason: Some(reason) }
    }
}

impl<C: Task, T, E> Task for CancelWhen<C, T, E> {
    type Output = Result<(), E>;

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
        let this = self.project();
        match this.task.resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            Step::Done(output) => {
                drop(output);
                let reason = this.reason.take().expect(RESUMED_AFTER_DONE);
                this.scope.cancel_for(reason, Stage::Shielded);
                Step::Done(Ok(()))
            }
        }
    }

    fn style(&self) -> Style {
        self.task.style()
    }
}

impl Task for Room {
    type Output = ();

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let Some(permit) = &mut self.permit else { return Step::Done(()) };
        match Pin::new(permit).resume(cx) {
            Step::Suspended(wait) => Step::Suspended(wait),
            // The permit is returned at once: the child takes it.
            Step::Done(permit) => {
                drop(permit);
                Step::Done(())
            }
        }
    }
}

/// Implements what all leaves of a scope have in common.
macro_rules! leaves {
    ($($leaf:ident $output:ty;)*) => {$(
        impl<T, E> Task for $leaf<T, E> {
            type Output = $output;

            fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Self::Output> {
                waiter::resume(&mut *self, cx)
            }
        }

        impl<T, E> fmt::Debug for $leaf<T, E> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($leaf)).finish_non_exhaustive()
            }
        }
    )*};
}

leaves! {
    JoinScope Result<Vec<T>, ScopeError<E>>;
    NextValue Option<T>;
    Cancelled CancelReason;
}
