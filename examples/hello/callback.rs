//! `hello` as callbacks.

use quadrivium::prelude::*;

pub fn hello(name: &'static str) -> impl Task<Output = usize> {
    callback(move |cb| {
        // 1. Say hello.
        println!("  Hello from {name}.");

        // 2. Let the others run.
        cb.perform(turn(), move |cb, ()| {
            // 3. Say goodbye.
            println!("  Goodbye from {name}.");
            cb.done(name.len())
        })
    })
}
