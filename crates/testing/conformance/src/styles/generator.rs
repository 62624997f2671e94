//! A body as a generator.

use quadrivium::{generator::generator, task::BoxTask};

use crate::{Body, Next, Style, Value};

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
                    Next::Perform(task) => {
                        let then = co.perform(task).await;
                        then()
                    }
                    Next::End(value) => return value,
                }
            }
        }))
    }
}
