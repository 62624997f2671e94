//! A body as a green thread.

use quadrivium::{green::perform, prelude::*};

use super::{Body, Next};

pub fn task<T: 'static>(mut body: Body<T>) -> impl Task<Output = T> {
    green(move || {
        loop {
            match body.go_on() {
                Next::Perform(task) => {
                    let then = perform(task);
                    then()
                }
                Next::End(output) => return output,
            }
        }
    })
}
