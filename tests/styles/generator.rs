//! A body as a generator.

use quadrivium::prelude::*;

use super::{Body, Next};

pub fn task<T: 'static>(mut body: Body<T>) -> impl Task<Output = T> {
    generator(|mut co| async move {
        loop {
            match body.go_on() {
                Next::Perform(task) => {
                    let then = co.perform(task).await;
                    then()
                }
                Next::End(output) => return output,
            }
        }
    })
}
