//! The two styles. They differ from those of one thread in the `use` lines, and in saying that what
//! a law makes stays on its thread: it is full of `Rc`s, and a task that is `Send` may not hold it
//! otherwise.

use quadrivium::{Task, callback::send as callback, generator::send as generator, task::BoxTask};
use quadrivium_conformance::{Body, Next, Style, Value, leaf, map};
use send_wrapper::SendWrapper;

/// Callbacks that are `Send`.
pub struct Callback;

impl Style for Callback {
    fn name(&self) -> &'static str {
        "send callback"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        let body = SendWrapper::new(body);
        boxed(callback::callback(|cb| go_on(cb, body)))
    }
}

fn go_on(cb: &mut callback::Callback<SendWrapper<Value>>, mut body: SendWrapper<Body<Value>>) {
    match body.go_on() {
        Next::Perform(task) => cb.perform(stays(task), |cb, then| {
            then();
            go_on(cb, body)
        }),
        Next::End(value) => cb.done(SendWrapper::new(value)),
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
                    Next::Perform(task) => stays(task),
                    Next::End(value) => return SendWrapper::new(value),
                };
                let then = co.perform(task).await;
                then()
            }
        }))
    }
}

/// `task`, which does not leave its thread.
fn stays<T: 'static>(task: BoxTask<T>) -> impl Task<Output = T> + Send {
    let mut task = SendWrapper::new(task);
    leaf(move |cx| task.as_mut().resume(cx))
}

/// A task that is `Send`, as the laws take it.
fn boxed(task: impl Task<Output = SendWrapper<Value>> + Send + 'static) -> BoxTask<Value> {
    map(task, SendWrapper::take)
}
