//! A body as a green thread.

use quadrivium::{
    green::{green, perform},
    task::BoxTask,
};

use crate::{Body, Feature, NextAction, Style, Value};

/// The green style.
#[derive(Clone, Copy, Debug)]
pub struct Green;

impl Style for Green {
    fn name(&self) -> &'static str {
        "green"
    }

    fn task(&self, mut body: Body<Value>) -> BoxTask<Value> {
        Box::pin(green(move || {
            loop {
                match body.go_on() {
                    NextAction::Perform(task) => {
                        let then = perform(task);
                        then()
                    }
                    NextAction::End(value) => return value,
                }
            }
        }))
    }

    /// A green thread is dropped by unwinding its stack, but not when its OS thread is ending.
    fn supports(&self, feature: Feature) -> bool {
        !matches!(feature, Feature::QuietCancel | Feature::DropAtThreadEnd)
    }
}
