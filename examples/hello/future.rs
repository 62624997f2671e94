//! `hello` with async and await.

use quadrivium::prelude::*;

pub fn hello(name: &'static str) -> impl Task<Output = usize> {
    future(async move {
        // 1. Say hello.
        println!("  Hello from {name}.");

        // 2. Let the others run.
        turn().await;

        // 3. Say goodbye.
        println!("  Goodbye from {name}.");
        name.len()
    })
}
