//! A generator performs the output of a task.
//!
//! The compiler says:
//! * `{integer}` is not a task
//! * the `perform` of the style around it takes a task and returns its output

use quadrivium::prelude::*;

fn main() {
    drop(generator(|mut co| async move {
        let output = co.perform(future(async { 1 })).await;
        co.perform(output).await
    }));
}
