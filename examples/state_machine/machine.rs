//! A fifth style: a task is an enum, and each resume moves it from state to
//! state.

use std::{mem, pin::Pin};

use quadrivium::{
    Task,
    task::{BoxTask, Context, RESUMED_AFTER_DONE, Step},
};
use quadrivium_conformance::{Body, NextAction, Style, Then, Value};

/// The style of tasks that are state machines.
pub struct StateMachine;

impl Style for StateMachine {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        Box::pin(State::Running(body))
    }
}

/// A task, as one of three states.
///
/// ```text
///               1. the body performs a sub-task
///   Running ──────────────────────────► Performing ──┐ 2. the sub-task
///     │ ◄────────────────────────────────────────────┘    waits: suspend
///     │         3. the sub-task is done ▲            │
///     │                                 └── resume ──┘
///     └─► Ended    4. the body returns or panics
/// ```
enum State {
    Running(Body<Value>),
    /// The sub-task is the first field, so that it is dropped before the body:
    /// from the inside out, as in every style.
    Performing(BoxTask<Then>, Body<Value>),
    Ended,
}

/// The sub-task and the body are pinned in boxes of their own.
impl Unpin for State {}

impl Task for State {
    type Output = Value;

    fn resume(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Step<Value> {
        loop {
            // If the body panics, the state stays `Ended`, so that the body is
            // not resumed again.
            match mem::replace(&mut *self, State::Ended) {
                State::Running(mut body) => match body.go_on() {
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
                        // 3. The sub-task is dropped before the body goes on.
                        Step::Done(then) => {
                            drop(task);
                            *self = State::Running(body);
                            then();
                        }
                    }
                }
                State::Ended => panic!("{RESUMED_AFTER_DONE}"),
            }
        }
    }
}
