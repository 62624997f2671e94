//! A body as callbacks.

use quadrivium::{
    callback::{self, callback},
    task::BoxTask,
};

use crate::{Body, NextAction, Style, Value};

/// The callback style.
#[derive(Clone, Copy, Debug)]
pub struct Callback;

impl Style for Callback {
    fn name(&self) -> &'static str {
        "callback"
    }

    fn task(&self, body: Body<Value>) -> BoxTask<Value> {
        Box::pin(callback(|cb| go_on(cb, body)))
    }
}

fn go_on(cb: &mut callback::Callback<Value>, mut body: Body<Value>) {
    match body.go_on() {
        NextAction::Perform(task) => cb.perform(task, |cb, then| {
            then();
            go_on(cb, body)
        }),
        NextAction::End(value) => cb.done(value),
    }
}
