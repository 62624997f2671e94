//! `hello` as a generator.

use quadrivium::prelude::*;

pub fn hello(name: &'static str) -> impl Task<Output = usize> {
    generator(move |mut co| async move {
        // 1. Say hello.
        println!("  Hello from {name}.");

        // 2. Let the others run.
        co.perform(turn()).await;

        // 3. Say goodbye.
        println!("  Goodbye from {name}.");
        name.len()
    })
}
