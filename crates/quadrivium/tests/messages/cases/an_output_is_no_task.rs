//! A generator performs the output of a task.

use quadrivium::prelude::*;

fn main() {
    drop(generator(|mut co| async move {
        let output = co.perform(future(async { 1 })).await;
        co.perform(output).await
    }));
}
