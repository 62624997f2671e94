//! A body as a generator.

use quadrivium::{generator::generator, task::BoxTask};

use crate::{Body, NextAction, Style, Value};

/// The generator style.
#[derive(Clone, Copy, Debug)]
pub struct Generator;

impl Style for Generator {
    fn name(&self) -> &'static str {
        "generator"
    }

    fn task(&self, mut body: Body<Value>) -> BoxTask<Value> {
        Box::pin(generator(|mut co| async move {
            loop {
                match body.go_on() {
                    NextAction::Perform(task) => {
                        let then = co.perform(task).await;
                        then()
                    }
                    NextAction::End(value) => return value,
                }
            }
        }))
    }
}
