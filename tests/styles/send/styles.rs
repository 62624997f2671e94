//! The two styles whose tasks are `Send`. They differ from the styles of one thread in the `use`
//! lines and in a `SendWrapper`. A body of a law contains `Rc`s, so a task that is `Send` may hold
//! it only in this wrapper, which checks that the body stays on its thread.

use quadrivium::{Task, callback::send as callback, generator::send as generator, task::BoxTask};
use quadrivium_conformance::{Body, NextAction, Style, Value, leaf, map};
use send_wrapper::SendWrapper;

/// Callbacks that are `Send`.
pub struct Callback;

impl Style for Callback {
    fn name(&self) -> &'static str {
        "send callback"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        let body = SendWrapper::new(body);
        boxed(callback::callback(|cb| perform_rest(cb, body)))
    }
}

fn perform_rest(
    cb: &mut callback::Callback<SendWrapper<Value>>,
    mut body: SendWrapper<Body<Value>>,
) {
    match body.go_on() {
        NextAction::Perform(task) => cb.perform(stays_on_its_thread(task), |cb, then| {
            then();
            perform_rest(cb, body)
        }),
        NextAction::End(value) => cb.done(SendWrapper::new(value)),
    }
}

/// Generators that are `Send`.
pub struct Generator;

impl Style for Generator {
    fn name(&self) -> &'static str {
        "send generator"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        let mut body = SendWrapper::new(body);
        boxed(generator::generator(|mut co| async move {
            loop {
                let task = match body.go_on() {
                    NextAction::Perform(task) => stays_on_its_thread(task),
                    NextAction::End(value) => return SendWrapper::new(value),
                };
                let then = co.perform(task).await;
                then()
            }
        }))
    }
}

/// Wraps `task`, which does not leave its thread, as a task that is `Send`.
fn stays_on_its_thread<T: 'static>(task: BoxTask<T>) -> impl Task<Output = T> + Send {
    let mut task = SendWrapper::new(task);
    leaf(move |cx| task.as_mut().resume(cx))
}

/// Returns a task that is `Send` in the box that the laws expect.
fn boxed(task: impl Task<Output = SendWrapper<Value>> + Send + 'static) -> BoxTask<Value> {
    map(task, SendWrapper::take)
}
