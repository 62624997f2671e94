//! A body with async and await.

use quadrivium::{
    future::{future, perform},
    task::BoxTask,
};

use crate::{Body, Next, Style, Value};

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
                    Next::Perform(task) => {
                        let then = perform(task).await;
                        then()
                    }
                    Next::End(value) => return value,
                }
            }
        }))
    }
}
