//! [`ChildTask`]: the task of a child, which reports to the scope how the child has ended.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    time::Duration,
};

use pin_project_lite::pin_project;

use super::{
    scope_error::ChildFailure,
    shared_scope::SharedScope,
    state::{ChildNumber, OnFailure},
};
use crate::{
    Context, PanicPayload, RESUMED_AFTER_DONE, Step, Task,
    inspect::Style,
    sync::semaphore::{Acquire, Permit},
};

/// Makes the value of a child out of the output of its task. A child in the background has none.
pub(super) type ToValue<C, T, E> = fn(<C as Task>::Output) -> Result<Option<T>, ChildFailure<E>>;

pin_project! {
    /// Performs the task of a child. When it has ended, and its destructors have run, this reports
    /// the outcome to the scope.
    pub(super) struct ChildTask<C: Task, T, E> {
        // `None` after the end.
        #[pin]
        task: Option<C>,
        start: Start,
        to_value: ToValue<C, T, E>,
        scope: SharedScope<T, E>,
        number: ChildNumber,
        on_failure: Option<OnFailure<E>>,
    }

    impl<C: Task, T, E> PinnedDrop for ChildTask<C, T, E> {
        fn drop(this: Pin<&mut Self>) {
            this.drop_unfinished();
        }
    }
}

/// Whether a child may run.
pub(super) enum Start {
    /// The child has no room yet. When it starts, it is shielded for this long.
    Waits(Acquire, Option<Duration>),
    /// The permit, if the scope has a limit, is returned when the child has ended.
    HasRoom(#[expect(dead_code, reason = "it is only dropped")] Option<Permit>),
}

impl<C: Task, T, E> ChildTask<C, T, E> {
    pub(super) fn new(
        scope: SharedScope<T, E>,
        number: ChildNumber,
        task: C,
        start: Start,
        to_value: ToValue<C, T, E>,
        on_failure: Option<OnFailure<E>>,
    ) -> Self {
        Self { task: Some(task), start, to_value, scope, number, on_failure }
    }

    /// Drops a child that was cancelled. A panic of its destructors is a failure.
    fn drop_unfinished(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.task.is_none() {
            return;
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| this.task.set(None)));
        let outcome = dropped.err().map(|payload| Err(ChildFailure::Panicked(payload.into())));
        this.scope.child_has_ended(*this.number, outcome, this.on_failure.take());
    }
}

impl<C: Task, T, E> Task for ChildTask<C, T, E> {
    type Output = ();

    fn resume(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<()> {
        let mut this = self.project();
        if let Start::Waits(acquire, shield) = this.start {
            let permit = match Pin::new(acquire).resume(cx) {
                Step::Suspended(wait) => return Step::Suspended(wait),
                Step::Done(permit) => permit.expect("no code closes the semaphore of a scope"),
            };
            this.scope.child_starts(*this.number, *shield);
            *this.start = Start::HasRoom(Some(permit));
        }
        let task = this.task.as_mut().as_pin_mut().expect(RESUMED_AFTER_DONE);
        let outcome = match catch_unwind(AssertUnwindSafe(|| task.resume(cx))) {
            Ok(Step::Suspended(wait)) => return Step::Suspended(wait),
            Ok(Step::Done(output)) => (this.to_value)(output),
            Err(payload) => Err(ChildFailure::Panicked(PanicPayload::new(payload))),
        };
        // The destructors run before the scope learns of the end.
        let dropped = catch_unwind(AssertUnwindSafe(|| this.task.set(None)));
        let outcome = match (outcome, dropped) {
            (outcome, Ok(())) => outcome,
            (Ok(_), Err(payload)) => Err(ChildFailure::Panicked(payload.into())),
            (failed @ Err(_), Err(payload)) => {
                // The first failure counts. The destructor of the payload may panic as well.
                mem::forget(payload);
                failed
            }
        };
        this.scope.child_has_ended(*this.number, Some(outcome), this.on_failure.take());
        Step::Done(())
    }

    fn style(&self) -> Style {
        self.task.as_ref().map_or(Style::Other, Task::style)
    }
}
