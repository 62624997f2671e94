//! A body with async and await.

use quadrivium::{
    future::{future, perform},
    task::BoxTask,
};

use crate::{Body, NextAction, Style, Value};

/// The future style.
#[derive(Clone, Copy, Debug)]
pub struct Future;

impl Style for Future {
    fn name(&self) -> &'static str {
        "future"
    }

    fn task(&self, mut body: Body<Value>) -> BoxTask<Value> {
        Box::pin(future(async move {
            loop {
                match body.go_on() {
                    NextAction::Perform(task) => {
                        let then = perform(task).await;
                        then()
                    }
                    NextAction::End(value) => return value,
                }
            }
        }))
    }
}
