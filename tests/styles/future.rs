//! A body with async and await.

use quadrivium::{future::perform, prelude::*};

use super::{Body, Next};

pub fn task<T: 'static>(mut body: Body<T>) -> impl Task<Output = T> {
    future(async move {
        loop {
            match body.go_on() {
                Next::Perform(task) => {
                    let then = perform(task).await;
                    then()
                }
                Next::End(output) => return output,
            }
        }
    })
}
