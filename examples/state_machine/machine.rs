//! The style: a task is an enum, and a resume goes from state to state.

use std::{mem, pin::Pin};

use quadrivium::{
    Task,
    task::{BoxTask, Context, RESUMED_AFTER_DONE, Step},
};
use quadrivium_conformance::{Body, NextAction, Style, Then, Value};

/// The style.
pub struct StateMachine;

impl Style for StateMachine {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        Box::pin(State::Going(body))
    }
}

/// ```text
///             1. a task to perform
///   Going ──────────────────────────► Performing ──┐ 2. it waits: suspend
///     │ ◄──────────────────────────────────────────┘
///     │       3. it is done           ▲            │
///     │                               └── resume ──┘
///     └─► Ended  4. the end, or a panic
/// ```
enum State {
    Going(Body<Value>),
    /// The sub-task first: what is dropped with this state is dropped in this
    /// order, from the inside out.
    Performing(BoxTask<Then>, Body<Value>),
    Ended,
}

/// Everything that is pinned is in a box of its own.
impl Unpin for State {}

impl Task for State {
    type Output = Value;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Value> {
        loop {
            // `Ended` stays if the body panics: it is not resumed again.
            match mem::replace(&mut *self, State::Ended) {
                State::Going(mut body) => match body.go_on() {
                    // 1.
                    NextAction::Perform(task) => {
                        *self = State::Performing(task, body);
                    }
                    // 4.
                    NextAction::End(value) => return Step::Done(value),
                },
                State::Performing(mut task, body) => {
                    match task.as_mut().resume(cx) {
                        // 2.
                        Step::Suspended(wait) => {
                            *self = State::Performing(task, body);
                            return Step::Suspended(wait);
                        }
                        // 3. It is dropped before the body goes on.
                        Step::Done(then) => {
                            drop(task);
                            *self = State::Going(body);
                            then();
                        }
                    }
                }
                State::Ended => panic!("{RESUMED_AFTER_DONE}"),
            }
        }
    }
}
