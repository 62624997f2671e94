//! `hello` as a green thread.

use quadrivium::{green::perform, prelude::*};

pub fn hello(name: &'static str) -> impl Task<Output = usize> {
    green(move || {
        // 1. Say hello.
        println!("  Hello from {name}.");

        // 2. Let the others run.
        perform(turn());

        // 3. Say goodbye.
        println!("  Goodbye from {name}.");
        name.len()
    })
}
